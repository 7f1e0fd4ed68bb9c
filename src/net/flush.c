/* Those that wait stand in one array, and while they are served in another, so that whoever is told
 * may ask again: for the next turn. */
#include "net/flush.h"

#include "base/mem.h"
#include "loop/batch.h"
#include "loop/loop.h"
#include "net/tcp.h"

struct entry {
    struct outq *q; /* NULL: forgotten */
    struct stream *s;
    flush_fn *fn;
};

struct entries {
    unsigned n, size;
    struct entry *all;
};

static struct entries waiting, served; /* process-wide: of all streams */

static void serve(struct loop_call *call);

static struct loop_call call = {LIST_INIT(call.node), serve}; /* process-wide: serves all */

bool flush_late(struct outq *q, struct stream *s, flush_fn *fn)
{
    if (flush_is_late(q))
        return true;
    if (!batch_is_joint() || !tcp_is(s))
        return false;
    if (UNLIKELY(waiting.n == waiting.size)) {
        waiting.size += BATCH_MOST;
        waiting.all = mem_realloc(waiting.all, waiting.size * sizeof(waiting.all[0]));
    }
    waiting.all[waiting.n++] = (struct entry){q, s, fn};
    q->late = waiting.n;
    loop_last(&call);
    return true;
}

/* The place of a queue is in one of the two. */
static void forget(struct entries *e, const struct outq *q)
{
    if (q->late <= e->n && e->all[q->late - 1].q == q)
        e->all[q->late - 1].q = NULL;
}

void flush_forget(struct outq *q)
{
    if (!flush_is_late(q))
        return;
    forget(&waiting, q);
    forget(&served, q);
    q->late = 0;
}

static void tell(const struct entry *e, ssize_t sent)
{
    if (!e->q)
        return;
    e->q->late = 0;
    e->fn(e->q, sent);
}

/* Sends for `n` entries, at most BATCH_MOST, what one call can send. */
static void send_some(const struct entry *e, unsigned n, ssize_t *sent)
{
    struct batch_op ops[BATCH_MOST];
    unsigned of[BATCH_MOST], m = 0;

    for (unsigned i = 0; i < n; i++) {
        bool has_more = false;
        struct slice out = SLICE_EMPTY;

        if (e[i].q && !e[i].s->err)
            out = outq_front(e[i].q, &has_more);
        sent[i] = 0;
        if (!out.n)
            continue;
        ops[m] = (struct batch_op){.fd = stream_fd(e[i].s),
                                   .is_send = true,
                                   .has_more = has_more,
                                   .bytes = (void *)(uintptr_t)out.p,
                                   .n = out.n};
        of[m++] = i;
    }
    if (m < 2)
        return;
    batch_run(ops, m);
    for (unsigned i = 0; i < m; i++) {
        sent[of[i]] = tcp_answer(e[of[i]].s, ops[i].result);
        if (sent[of[i]] > 0) /* before anybody is told: whoever is may turn to another's queue */
            outq_sent(e[of[i]].q, (size_t)sent[of[i]]);
    }
}

static void serve(struct loop_call *c)
{
    struct entries free_ones = served;

    UNUSED(c);
    served = waiting;
    waiting = free_ones;
    for (unsigned at = 0; at < served.n; at += BATCH_MOST) {
        unsigned n = MIN(served.n - at, (unsigned)BATCH_MOST);
        ssize_t sent[BATCH_MOST];

        send_some(served.all + at, n, sent);
        for (unsigned i = 0; i < n; i++)
            tell(&served.all[at + i], sent[i]);
    }
    served.n = 0;
}
