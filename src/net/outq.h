/* Bytes on their way to a stream: copied pieces, kept ones and file sections, in order, flushed as
 * the stream takes them.
 *
 * Pieces come from buffers that are kept for reuse; an empty queue owns none. Large data can be
 * offered to the stream first (outq_write) so that only what it did not take is copied. */
#ifndef NET_OUTQ_H
#define NET_OUTQ_H

#include "base/keeper.h"
#include "base/list.h"
#include "base/slice.h"
#include "net/stream.h"

struct outq {
    struct list pieces;
    size_t bytes;     /* queued, file sections counted by their size */
    bool reads_files; /* files are read into memory, also where the stream could send them */
    bool is_last;     /* what follows is stream_shutdown, at once: its packet can take the rest */
    uint32_t late;    /* of net/flush; 0: it does not wait there */
};

#define OUTQ_NO_LIMIT UINT64_MAX

enum outq_result { OUTQ_EMPTY, OUTQ_BLOCKED, OUTQ_FAILED };

/* Makes it empty. */
void outq_init(struct outq *q);

/* Frees what is queued, closing the files it owns. */
void outq_clear(struct outq *q);

/* Anything queued? */
static inline bool outq_is_empty(const struct outq *q)
{
    return q->bytes == 0;
}

/* Room for `n` contiguous bytes at the end; to be followed by outq_commit of at most that many. */
char *outq_reserve(struct outq *q, size_t n);

/* Counts `n` bytes written behind outq_reserve. */
void outq_commit(struct outq *q, size_t n);

/* Copies bytes to the end. */
void outq_add(struct outq *q, const void *p, size_t n);

/* Queues bytes that stay where they are, as long as `keeper` is held, which the queue does; few of
 * them, and those without a keeper (NULL), are copied. */
void outq_add_kept(struct outq *q, const void *p, size_t n, struct keeper *keeper);

/* Queues `n` bytes of a file from `offset`; closes `fd` when done if `owned`. n > 0. */
void outq_add_file(struct outq *q, int fd, off_t offset, size_t n, bool owned);

/* Moves all that `from` holds behind what is queued. */
void outq_append(struct outq *q, struct outq *from);

/* Offers what is queued and these bytes to the stream, so that large data is not copied, as long as
 * that is `threshold` or more together. The queue afterwards holds what was not taken, as
 * outq_add_kept has it. OUTQ_FAILED: the stream's err tells. */
enum outq_result outq_write(struct outq *q, struct stream *s, struct slice bytes,
                            struct keeper *keeper, size_t threshold);

/* Takes `n` bytes (at most q->bytes) off the front and copies them to `to`; sections are read from
 * their files. err_truncated, err_io …: what was taken so far is gone, the rest is in the queue. */
const struct err *outq_take(struct outq *q, void *to, size_t n) MUST_USE;

/* The memory at the front, when it is one piece and nothing follows but a file that the stream can
 * send; otherwise n = 0. *has_more_out: more is about to follow, as stream_writev_more has it. */
struct slice outq_front(const struct outq *q, bool *has_more_out);

/* `n` bytes of outq_front have been sent. */
void outq_sent(struct outq *q, size_t n);

/* Sends until empty, the stream takes no more, or `*most` bytes, which are counted down, are used
 * up (BLOCKED, *most is 0); at most `budget` bytes of file in one call (OUTQ_BLOCKED then too, so
 * that one download does not keep the worker). A file that turns out shorter than promised is
 * OUTQ_FAILED with s->err err_truncated. Memory before a file section goes with MSG_MORE semantics
 * where that saves a packet. */
enum outq_result outq_flush_most(struct outq *q, struct stream *s, size_t budget, uint64_t *most);

/* Likewise, as much as the stream takes. */
static inline enum outq_result outq_flush(struct outq *q, struct stream *s, size_t budget)
{
    uint64_t most = OUTQ_NO_LIMIT;

    return outq_flush_most(q, s, budget, &most);
}

#endif
