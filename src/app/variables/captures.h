/* What a regular expression found, as $1…$9 and as variables named by its groups. */
#ifndef APP_VARIABLES_CAPTURES_H
#define APP_VARIABLES_CAPTURES_H

#include "app/variables/regex.h"
#include "app/variables/script.h"
#include "app/visit.h"

struct captures_names; /* the variables of a regex's named groups; NULL: it has none */

/* Defines a variable for each named group of `re`, in the table's pool. False, with nginx's words
 * in *error_out, when a name belongs to a builtin that cannot be set. */
bool captures_bind(struct variable_table *t, const struct regex *re,
                   const struct captures_names **out, struct slice *error_out);

enum captures_found {
    CAPTURES_FAILED = -1, /* nobody knows: a limit was hit, or the subject is no text in UTF-8 */
    CAPTURES_NONE,
    CAPTURES_SET,
};

/* Matches `subject`; on success $1…$9 and the named variables (may be NULL) of `v` are set, from a
 * copy of the subject. Otherwise what earlier matches left stays; a failure is logged, and whoever
 * decides by the match who may do what must not take it for "no". */
enum captures_found captures_match(struct visit *v, const struct regex *re,
                                   const struct captures_names *names, struct slice subject);

/* `to`, which has none yet, begins with $1…$9 of `from`, in whose pool their subject stays. */
void captures_copy(struct visit *to, const struct visit *from);

#endif
