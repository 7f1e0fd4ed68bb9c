/* The access phase: opinions, one after the other, as nginx weighs them. With `satisfy all` the
 * first refusal ends the request; with `any` the first grant ends the phase, and the last refusal
 * (401 before all others) is the answer when there was none. What remains of that at the end of the
 * phase is in phases.c; who has opinions, in access_step.c and lua_step.c. */
#include "app/access/access.h"

#include "app/conf.h"
#include "app/phases.h"

struct access_conf *access_conf_own(struct location *l)
{
    struct access_conf *c = l->access;

    if (c && c->owner == l)
        return c;
    c = pool_new(&l->conf->pool, struct access_conf);
    if (l->access)
        *c = *l->access;
    c->owner = l;
    c->are_rules_own = c->are_variables_own = false;
    return l->access = c;
}

enum step_result access_weigh(struct visit *v, int status)
{
    bool is_any = v->loc->access && v->loc->access->satisfies_any;

    if (status == ACCESS_NO_OPINION)
        return STEP_NEXT;
    if (status == ACCESS_GRANTED) {
        if (!is_any)
            return STEP_NEXT;
        v->refused_status = 0;
        header_remove_id(&v->x->res.headers, HEADER_WWW_AUTHENTICATE);
        return STEP_SKIP_PHASE;
    }
    if (!is_any || (status != 401 && status != 403))
        return phases_refuse(v, status);
    if (v->refused_status != 401)
        v->refused_status = status;
    return STEP_NEXT;
}
