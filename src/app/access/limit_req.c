/* limit_req: requests at a rate. Of several limits all must have room for a request before it
 * counts in any of them: those before the last are tried first. It waits for the longest of the
 * delays.
 *
 * The main request is asked once, however often it is redirected. */
#include "app/access/limit.h"
#include "app/pause.h"
#include "app/phases.h"
#include "shm/bucket.h"

enum ask { ASK_TRY, ASK_ADD, ASK_ADD_ANYWAY };

/* What one rule says, or the strictest of several. */
struct verdict {
    const struct limit_rule *rule; /* NULL: none counts this request */
    enum dict_result result;
    uint64_t excess, delay; /* thousandths of requests; ms */
};

static void on_turn(struct visit *v)
{
    phases_resume(v, STEP_NEXT);
}

static struct verdict ask(struct visit *v, const struct limit_rule *rule, enum ask how)
{
    struct bucket b = {.rate = rule->zone->rate, .most = rule->most};
    struct verdict said = {.rule = rule};
    struct slice key;

    if (!limit_key(v, rule, DICT_KEY_MOST, &key))
        return (struct verdict){.rule = NULL};
    if (how == ASK_ADD_ANYWAY)
        b.most = UINT64_MAX;
    said.result = bucket_add(rule->zone->zone->dict, key, &b, how == ASK_TRY);
    said.excess = b.excess;
    if (b.excess > rule->prompt && how != ASK_TRY)
        said.delay = (b.excess - rule->prompt) * 1000 / b.rate;
    return said;
}

static struct verdict ask_all(struct visit *v, const struct limit_rule *rules)
{
    struct verdict all = {.rule = NULL};

    for (const struct limit_rule *r = rules; r; r = r->next) {
        struct verdict said = ask(v, r, r->next ? ASK_TRY : ASK_ADD);

        if (!said.rule)
            continue;
        all = said;
        if (said.result != DICT_OK)
            return all;
    }
    for (const struct limit_rule *r = rules; r->next; r = r->next) {
        struct verdict said = ask(v, r, ASK_ADD_ANYWAY);

        if (said.rule && said.delay > all.delay)
            all = said;
    }
    return all;
}

static void log_verdict(struct visit *v, enum log_level level, const struct limit_conf *c,
                        const char *what, const struct verdict *said)
{
    log_write(&v->x->log, level, "%s%s, excess: %llu.%03llu%s by zone \"" SLICE_FMT "\"", what,
              c->is_dry_run ? ", dry run" : "", (unsigned long long)said->excess / BUCKET_DROP,
              (unsigned long long)said->excess % BUCKET_DROP, said->result == DICT_OK ? "," : "",
              SLICE_ARG(said->rule->zone->name));
}

static enum step_result reject(struct visit *v, const struct limit_conf *c,
                               const struct verdict *said)
{
    if (said->result == DICT_NO_MEMORY)
        log_write(&v->x->log, LOG_ALERT, "could not allocate node in zone \"" SLICE_FMT "\"",
                  SLICE_ARG(said->rule->zone->name));
    else
        log_verdict(v, c->level, c, "limiting requests", said);
    visit_main(v)->limit_req_status = c->is_dry_run ? LIMIT_REJECTED_DRY_RUN : LIMIT_REJECTED;
    return c->is_dry_run ? STEP_NEXT : phases_finish_status(v, c->status);
}

/* Delays are told one level below rejections. */
static enum step_result delay(struct visit *v, const struct limit_conf *c,
                              const struct verdict *said)
{
    log_verdict(v, MIN(c->level + 1, LOG_INFO), c, "delaying request", said);
    visit_main(v)->limit_req_status = c->is_dry_run ? LIMIT_DELAYED_DRY_RUN : LIMIT_DELAYED;
    return c->is_dry_run ? STEP_NEXT : pause_visit(v, said->delay, on_turn);
}

enum step_result limit_req_step(struct visit *v, const struct step *s)
{
    const struct limit_conf *c = v->loc->limit_req;
    struct verdict said;

    UNUSED(s);
    if (!c->rules || visit_main(v)->limit_req_status != LIMIT_NOT_ASKED)
        return STEP_NEXT;
    said = ask_all(v, c->rules);
    if (!said.rule)
        return STEP_NEXT;
    if (said.result != DICT_OK)
        return reject(v, c, &said);
    if (said.delay)
        return delay(v, c, &said);
    visit_main(v)->limit_req_status = LIMIT_PASSED;
    return STEP_NEXT;
}
