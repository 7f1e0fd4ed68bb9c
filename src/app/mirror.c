/* Subrequests that go on to their end by themselves: the request neither waits for them nor sees
 * their answers. Where they have its body, that is read first. */
#include "app/mirror.h"

#include "app/phases.h"
#include "app/subrequest.h"
#include "http/body_spool.h"

const struct mirror_conf mirror_defaults = {.has_body = true};

static void start(struct visit *v, const struct mirror_conf *c)
{
    for (const struct mirror_target *t = c->targets; t; t = t->next) {
        struct subrequest_options o = {.method = v->x->req.method,
                                       .path = t->path,
                                       .query = v->x->req.query,
                                       .forwards_body = c->has_body,
                                       .drops_body = true};
        struct subrequest *s = subrequest_new(v, &o);

        if (!s)
            return;
        subrequest_start(s);
        subrequest_release(&s);
    }
}

static void on_spooled(struct exchange *x, struct body_spool *s)
{
    struct visit *v = s->user;

    UNUSED(x);
    if (s->state == BODY_END) {
        start(v, v->loc->mirror);
        phases_resume(v, STEP_NEXT);
    } else {
        (void)phases_finish_status(v, exchange_body_status(v->x));
    }
}

enum step_result mirror_step(struct visit *v, const struct step *s)
{
    const struct mirror_conf *c = v->loc->mirror;
    struct body_spool *body;

    UNUSED(s);
    if (!c->targets || v->parent)
        return STEP_NEXT;
    if (c->has_body) {
        body = body_spool_start(v->x, on_spooled, v);
        if (body->state == BODY_WAIT)
            return STEP_WAIT;
        if (body->state == BODY_FAILED)
            return phases_finish_status(v, exchange_body_status(v->x));
    }
    start(v, c);
    return STEP_NEXT;
}
