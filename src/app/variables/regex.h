/* Regular expressions of the configuration (PCRE2 with JIT). Compiled once, matched without
 * allocation. */
#ifndef APP_VARIABLES_REGEX_H
#define APP_VARIABLES_REGEX_H

#include "base/pool.h"
#include "base/slice.h"

enum { REGEX_CAPTURES_MOST = 32 }; /* groups, the whole match included */

struct regex;

/* Compiles; the regex lives as long as the pool. NULL on a bad pattern, with what is wrong and
 * where in *error_out (in the pool). */
struct regex *regex_compile(struct pool *pool, struct slice pattern, bool ignore_case,
                            struct slice *error_out);

/* Number of capture groups, the whole match not counted. */
unsigned regex_groups(const struct regex *re);

/* The name of group i (1…), or NULL. */
const char *regex_group_name(const struct regex *re, unsigned i);

/* Matches; on success ovector[2*i], [2*i+1] are the offsets of group i (-1 when it took no part)
 * and the number of the last group that took part + 1 is returned. 0: no match. < 0: a limit was
 * hit. */
int regex_match(const struct regex *re, struct slice subject, int ovector[2 * REGEX_CAPTURES_MOST]);

#endif
