/* What a regular expression found, as $1…$9 and as variables named by its groups. */
#ifndef APP_CAPTURES_H
#define APP_CAPTURES_H

#include "app/regex.h"
#include "app/script.h"
#include "app/visit.h"

struct captures_names; /* the variables of a regex's named groups; NULL: it has none */

/* Defines a variable for each named group of `re`, in the table's pool. False, with nginx's words
 * in *error_out, when a name belongs to a builtin that cannot be set. */
bool captures_bind(struct variable_table *t, const struct regex *re,
                   const struct captures_names **out, struct slice *error_out);

/* Matches `subject`; on success $1…$9 and the named variables (may be NULL) of `v` are set, from a
 * copy of the subject. No match, or a limit was hit (logged): false, and what earlier matches left
 * stays. */
bool captures_match(struct visit *v, const struct regex *re, const struct captures_names *names,
                    struct slice subject);

#endif
