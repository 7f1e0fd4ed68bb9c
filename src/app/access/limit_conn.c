/* limit_conn: requests (in HTTP/2 each counts for itself) or sessions that are being answered. What
 * is taken is given back when the main visit ends, and by the death of the worker. */
#include "app/access/limit.h"
#include "app/access/limit_lease.h"
#include "app/phases.h"

enum { KEY_MOST = 255 };

static enum step_result reject(struct visit *v, const struct limit_conf *c,
                               const struct limit_rule *rule, enum dict_result why)
{
    struct visit *main = visit_main(v);

    if (why == DICT_EXISTS)
        log_write(&v->x->log, c->level, "limiting connections%s by zone \"" SLICE_FMT "\"",
                  c->is_dry_run ? ", dry run," : "", SLICE_ARG(rule->zone->name));
    limit_lease_end(main);
    main->limit_conn_status = c->is_dry_run ? LIMIT_REJECTED_DRY_RUN : LIMIT_REJECTED;
    return c->is_dry_run ? STEP_NEXT : phases_finish_status(v, c->status);
}

enum step_result limit_conn_step(struct visit *v, const struct step *s)
{
    const struct limit_conf *c = v->loc->limit_conn;
    struct visit *main = visit_main(v);
    struct slice key;

    UNUSED(s);
    if (main->limit_conn_status != LIMIT_NOT_ASKED)
        return STEP_NEXT;
    for (const struct limit_rule *rule = c->rules; rule; rule = rule->next) {
        enum dict_result r;

        if (!limit_key(v, rule, KEY_MOST, &key))
            continue;
        main->limit_conn_status = LIMIT_PASSED;
        r = limit_lease_take(main, rule->zone->zone->dict, key, rule->most);
        if (r != DICT_OK)
            return reject(v, c, rule, r);
    }
    return STEP_NEXT;
}
