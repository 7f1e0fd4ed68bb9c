/* The step of set_by_lua and its forms. The code runs as filters do, on the main state; what it may
 * call is what works in LUA_CONTEXT_SET. Its arguments are evaluated before it starts and stand in
 * struct lua_visit while it runs, where ngx.arg finds them. */
#include "app/lua/set_by_lua.h"

#include "app/lua/lua_filter.h"
#include "app/lua/lua_visit.h"
#include "app/phases.h"

static struct slice *eval_args(struct visit *v, const struct set_by_lua *set)
{
    struct slice *args = pool_alloc(visit_pool(v), set->n_args * sizeof(*args));

    for (unsigned i = 0; i < set->n_args; i++)
        args[i] = script_eval(set->args[i], v);
    return args;
}

enum step_result set_by_lua_step(struct visit *v, const struct step *s)
{
    const struct set_by_lua *set = s->arg;
    struct lua_visit *lv = lua_visit_of(v);
    struct slice value;

    lv->set_args = eval_args(v, set);
    lv->n_set_args = set->n_args;
    if (!lua_filter_set(v, set->code, &value))
        return phases_finish_status(v, 500);
    set->variable->set(v, set->variable, value);
    return STEP_NEXT;
}
