/* Those that wait stand in one array, and while they are served in another, so that whoever is told
 * may ask again: for the next turn. */
#include "net/flush.h"

#include <errno.h>

#include "loop/batch.h"
#include "loop/loop.h"
#include "net/tcp.h"

struct entry {
    struct outq *q; /* NULL: forgotten */
    struct stream *s;
    flush_fn *fn;
};

struct entries {
    unsigned n;
    struct entry all[BATCH_MOST];
};

static struct entries waiting, served; /* process-wide: of all streams */

static void serve(struct loop_call *call);

static struct loop_call call = {LIST_INIT(call.node), serve}; /* process-wide: serves all */

bool flush_late(struct outq *q, struct stream *s, flush_fn *fn)
{
    if (waiting.n == BATCH_MOST || !batch_is_joint() || !tcp_is(s))
        return false;
    waiting.all[waiting.n++] = (struct entry){q, s, fn};
    loop_last(&call);
    return true;
}

static void forget(struct entries *e, const struct outq *q)
{
    for (unsigned i = 0; i < e->n; i++)
        if (e->all[i].q == q)
            e->all[i].q = NULL;
}

void flush_forget(const struct outq *q)
{
    forget(&waiting, q);
    forget(&served, q);
}

/* What a result means to the stream. */
static ssize_t answer(struct stream *s, ssize_t result)
{
    if (result >= 0)
        return result;
    if (result == -EAGAIN)
        return STREAM_AGAIN;
    s->err = err_from_errno((int)-result);
    return STREAM_FAILED;
}

/* Sends of as many as one call can serve; sent[i] is of served.all[i]. */
static void send_all(ssize_t *sent)
{
    struct batch_op ops[BATCH_MOST];
    unsigned of[BATCH_MOST], n = 0;

    for (unsigned i = 0; i < served.n; i++) {
        const struct entry *e = &served.all[i];
        struct slice out = e->q && !e->s->err ? outq_whole(e->q) : SLICE_EMPTY;

        sent[i] = 0;
        if (!out.n)
            continue;
        ops[n] = (struct batch_op){stream_fd(e->s), true, (void *)(uintptr_t)out.p, out.n, 0};
        of[n++] = i;
    }
    if (n < 2)
        return;
    batch_run(ops, n);
    for (unsigned i = 0; i < n; i++)
        sent[of[i]] = answer(served.all[of[i]].s, ops[i].result);
}

static void serve(struct loop_call *c)
{
    ssize_t sent[BATCH_MOST];

    UNUSED(c);
    served = waiting;
    waiting.n = 0;
    send_all(sent);
    for (unsigned i = 0; i < served.n; i++) {
        struct outq *q = served.all[i].q;

        if (q)
            served.all[i].fn(q, sent[i]);
    }
    served.n = 0;
}
