/* Strings with $variables, compiled once. */
#ifndef APP_VARIABLES_SCRIPT_H
#define APP_VARIABLES_SCRIPT_H

#include "app/variables/variable.h"
#include "base/pool.h"
#include "base/slice.h"

struct visit;

struct script; /* NULL stands for the empty string */

/* Compiles `text`: $name, ${name}, $1…$9. The text itself (copied) when it has none. False on bad
 * syntax, text of the error (nginx's words) in *error_out. Lives in the table's pool. */
bool script_compile(struct variable_table *t, struct slice text, struct script **out,
                    struct slice *error_out);

/* A constant script of this text, which is copied and taken as it is: `$` means nothing. */
struct script *script_literal(struct pool *pool, struct slice text);

/* Cuts the next part off *rest: text up to a `$` (*name_out.p == NULL) or one variable (its name).
 * 1: a part; 0: the end; -1: bad syntax, *error_out tells (in the pool). For those that compile
 * strings in their own way. */
int script_next_part(struct pool *pool, struct slice *rest, struct slice *text_out,
                     struct slice *name_out, struct slice *error_out);

/* Does it hold no variable? Then its text never changes. */
bool script_is_constant(const struct script *s);

/* The text of a constant script; terminated. */
struct slice script_constant(const struct script *s);

/* Evaluates into the visit's pool (constants and lone variables are not copied). Unknown values are
 * empty. */
struct slice script_eval(const struct script *s, struct visit *v);

#endif
