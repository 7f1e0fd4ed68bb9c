/* Addresses, password and subrequest are one step, which stands before access_by_lua unless
 * access_by_lua_no_postpone says otherwise. To add an
 * opinion: a row in `opinions`, before the subrequest, which waits. */
#include "app/access/access_step.h"

#include "app/access/auth_basic.h"
#include "app/access/auth_request.h"
#include "app/conf.h"
#include "app/visit.h"

static int ask_rules(struct visit *v, const struct access_conf *c)
{
    for (const struct access_rule *r = c->rules; r; r = r->next) {
        if (!addr_range_has(&r->range, v->x->peer))
            continue;
        if (r->allows)
            return ACCESS_GRANTED;
        if (!c->satisfies_any)
            log_write(&v->x->log, LOG_ERROR, "access forbidden by rule");
        return 403;
    }
    return ACCESS_NO_OPINION;
}

static int (*const opinions[])(struct visit *v, const struct access_conf *c) = {
    ask_rules,
    auth_basic_ask,
};

static enum step_result decide(struct visit *v, const struct step *s)
{
    const struct access_conf *c = v->loc->access;

    UNUSED(s);
    for (size_t i = 0; i < ARRAY_LEN(opinions); i++) {
        enum step_result r = access_weigh(v, opinions[i](v, c));

        if (r != STEP_NEXT)
            return r;
    }
    return c->auth_path.n > 0 ? auth_request_start(v, c) : STEP_NEXT;
}

void access_step_add(struct location *l)
{
    const struct step_list *list = &l->steps[PHASE_ACCESS];
    bool is_first = !l->has_access_by_lua_first;

    if (l->access && (list->n == 0 || list->steps[is_first ? 0 : list->n - 1].run != decide))
        location_put_step(l, PHASE_ACCESS, is_first, decide);
}
