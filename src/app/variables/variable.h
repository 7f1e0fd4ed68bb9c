/* The variables: each is builtin (a getter), indexed (a slot per visit, written by `set`, captures,
 * map…) or of a prefix family (arg_, http_, sent_http_, cookie_…). Names are resolved to a `struct
 * variable` while the configuration loads; their case does not matter. A name may be used before it
 * is defined: variable_table_check tells at the end which never were. */
#ifndef APP_VARIABLES_VARIABLE_H
#define APP_VARIABLES_VARIABLE_H

#include "base/map.h"
#include "base/pool.h"
#include "base/slice.h"

struct config_error;
struct config_node;
struct variable;
struct visit;

/* The value now; p == NULL: not found. Valid as long as the visit's pool, or until the next change
 * of the variable. */
typedef struct slice (*variable_get_fn)(struct visit *v, const struct variable *var);

/* Sets; false when the value is not acceptable. NULL in a variable: read-only. */
typedef bool (*variable_set_fn)(struct visit *v, const struct variable *var, struct slice value);

struct variable {
    struct slice name;
    variable_get_fn get;
    variable_set_fn set;
    variable_get_fn under; /* of a member of a family that directives set: what it is until then */
    struct slice suffix;   /* of a prefix family: what follows the prefix, lower case */
    unsigned slot;         /* indexed variables */
    const void *data;      /* of one that nobody has defined: the directive that mentions it */
};

enum variable_kind { VARIABLES_HTTP, VARIABLES_STREAM };

struct variable_table {
    struct pool *pool;
    struct map by_name; /* freed with the pool */
    unsigned slots;     /* visits allocate this many, cleared; the first few serve builtins */
    unsigned made_at_run;
    enum variable_kind kind;
    const struct config_node *const *place; /* the directive that is being applied */
};

/* A table with the builtins of requests, or of sessions. `*place` is NULL, or the directive whose
 * scripts are being compiled. */
void variable_table_init(struct variable_table *t, struct pool *pool, enum variable_kind kind,
                         const struct config_node *const *place);

/* Is everything that scripts refer to defined? Otherwise false and `e` names one that is not. */
bool variable_table_check(const struct variable_table *t, struct config_error *e);

/* The variable of that name: indexed, builtin or family member; NULL when there is none (a family
 * member is made). */
const struct variable *variable_find(struct variable_table *t, struct slice name);

/* As variable_find, but a name that is not known (yet) gets a variable that is never found until
 * somebody defines it. */
const struct variable *variable_refer(struct variable_table *t, struct slice name);

/* The indexed variable of that name, made when it is not there. Builtin writable ones (args,
 * limit_rate…) are returned as they are; NULL: the name is a builtin that cannot be set (nginx:
 * `the duplicate "x" variable`). Reading one that was not set gives "" and a warning in the log; of
 * a member of a family ($http_x…), what it is by itself. */
const struct variable *variable_define(struct variable_table *t, struct slice name);

/* Same, with a getter of the caller's for a variable that is new (map, captures…); `data` is stored
 * in it. One that a directive made before gets the new getter when there are `data`. The setter is
 * variable_set; a getter may read the visit's slot with variable_get_slot. */
const struct variable *variable_define_getter(struct variable_table *t, struct slice name,
                                              variable_get_fn get, const void *data);

/* Getter: the slot, not found (and silent) when it is not set. */
struct slice variable_get_slot(struct visit *v, const struct variable *var);

/* Value of an indexed slot ("" and a warning when it was not set), and setting it (copied to the
 * visit's pool). */
struct slice variable_get(struct visit *v, const struct variable *var);
bool variable_set(struct visit *v, const struct variable *var,
                  struct slice value); /* always true */

/* From now on whoever asks finds no value, and nobody is warned. False: the variable is not one of
 * those that directives define. */
bool variable_unset(struct visit *v, const struct variable *var);

/* At run time by name (ngx.var): also names that no configuration mentions; NULL when there is
 * none. */
const struct variable *variable_find_at_run(struct visit *v, struct slice name);

#endif
