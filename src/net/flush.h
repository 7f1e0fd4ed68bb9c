/* Output that may wait for the end of the turn: the sockets that have some are sent to together, in
 * one system call where that is possible (loop/batch.h). */
#ifndef NET_FLUSH_H
#define NET_FLUSH_H

#include "net/outq.h"
#include "net/stream.h"

/* Called at the very end of the turn. `sent`: how many bytes of the queue have gone, which are off
 * it, or as stream_writev answers; 0: it was not tried. What is left is the owner's to send. */
typedef void flush_fn(struct outq *q, ssize_t sent);

/* Has what is queued at the end of the turn sent to `s`, as far as outq_front goes, then calls
 * `fn`. False: not possible with this stream, or here; send it yourself. To be undone when the
 * queue ends or passes to another stream before. */
bool flush_late(struct outq *q, struct stream *s, flush_fn *fn) MUST_USE;

/* Is `fn` still to be called? */
static inline bool flush_is_late(const struct outq *q)
{
    return q->late > 0;
}

/* It is not called any more. */
void flush_forget(struct outq *q);

#endif
