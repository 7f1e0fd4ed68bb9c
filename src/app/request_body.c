/* A subrequest brings its body, so reading it never waits; a client's is read by whoever asks for
 * it. */
#include "app/request_body.h"

#include "http/body_spool.h"

static void on_no_wait(struct exchange *x, struct body_spool *s)
{
    UNUSED(x);
    UNUSED(s);
}

const struct body_spool *request_body_seen(struct visit *v)
{
    if (!v->x->spool && v->parent)
        return body_spool_start(v->x, on_no_wait, NULL);
    return v->x->spool;
}
