/* set_by_lua: Lua in the order of the rewrite module's directives, whose result becomes the value
 * of a variable. */
#ifndef APP_LUA_SET_BY_LUA_H
#define APP_LUA_SET_BY_LUA_H

#include "app/location.h"
#include "app/lua/lua_code.h"
#include "app/variables/script.h"

/* arg of set_by_lua_step. Lives as long as the configuration. */
struct set_by_lua {
    const struct variable *variable; /* can be set */
    struct lua_code *code;
    struct script **args; /* ngx.arg[1] … */
    unsigned n_args;
};

/* The step: runs the code, which must not wait, and sets the variable to its first result (nil: the
 * empty string). An error in the code, which is logged, ends the request with 500. */
enum step_result set_by_lua_step(struct visit *v, const struct step *s);

#endif
