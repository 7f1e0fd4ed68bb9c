/* The other locations are asked at the same time, and their answers kept. One that does not answer
 * with 200 adds nothing: the page of an error has no place in another page. */
#include "app/filters/addition_step.h"

#include "app/filters/addition.h"
#include "app/phases.h"
#include "app/subrequest.h"

/* Of one visit, as long as its exchange. */
struct asking {
    struct visit *v;
    struct addition addition;
    struct subrequest *subs[2]; /* those that are under way */
};

static void take(struct asking *a, unsigned i)
{
    struct subrequest *s = a->subs[i];

    if (s->x->res.status == 200 && !s->is_truncated)
        a->addition.texts[i] = pool_dup(visit_pool(a->v), buf_slice(&s->body));
    else
        log_write(&a->v->x->log, LOG_ERROR, "nothing is added of \"" SLICE_FMT "\": status %d",
                  SLICE_ARG(a->addition.conf->paths[i]), s->x->res.status);
    subrequest_release(&a->subs[i]);
}

static void on_end(struct subrequest *s)
{
    struct asking *a = s->user;

    take(a, s == a->subs[1]);
    if (!a->subs[0] && !a->subs[1] && !a->v->is_answered)
        phases_resume(a->v, STEP_NEXT);
}

static void ask(struct asking *a, unsigned i)
{
    struct subrequest_options o = {.method = METHOD_GET, .path = a->addition.conf->paths[i]};

    a->subs[i] = o.path.n ? subrequest_new(a->v, &o) : NULL;
    if (!a->subs[i])
        return;
    a->subs[i]->on_end = on_end;
    a->subs[i]->user = a;
    subrequest_start(a->subs[i]);
}

/* A redirect to the index of a directory comes by a second time, and has the texts. */
enum step_result addition_step(struct visit *v, const struct step *s)
{
    const struct addition_conf *c = v->loc->addition;
    struct asking *a;

    UNUSED(s);
    if (v->parent || (v->addition && v->addition->conf == c))
        return STEP_NEXT;
    a = pool_new(visit_pool(v), struct asking);
    a->v = v;
    a->addition.conf = c;
    v->addition = &a->addition;
    for (unsigned i = 0; i < ARRAY_LEN(a->subs); i++)
        ask(a, i);
    return a->subs[0] || a->subs[1] ? STEP_WAIT : STEP_NEXT;
}
