/* Unread input of connections, of which many share one buffer.
 *
 * All connections of a kind read into the buffer of one conn_reader. Its owner is the connection
 * whose unread input lies there; before anybody else reads, and when the owner's event ends, what
 * is left is moved into memory of the owner. So an idle connection owns no buffer, and a message
 * that comes whole is parsed where it was received. */
#ifndef HTTP_CONN_INPUT_H
#define HTTP_CONN_INPUT_H

#include "base/buf.h"
#include "net/stream.h"

enum { CONN_INPUT_BUFFER = 65536 };

/* Input that outlived the event that brought it. */
struct conn_input_kept {
    struct buf bytes;
    size_t at; /* consumed up to here */
};

/* Of one connection; zero: nothing. Never in the shared buffer and kept as well, so what is unread
 * is contiguous. */
struct conn_input {
    struct conn_input_kept *kept;
};

/* Process-wide: one for each kind of connection. */
struct conn_reader {
    struct conn_input *owner;
    struct slice rest;
    char bytes[CONN_INPUT_BUFFER];
};

/* The unread input; valid until the next call that reads. */
static inline struct slice conn_input_unread(const struct conn_reader *r,
                                             const struct conn_input *in)
{
    if (r->owner == in)
        return r->rest;
    if (in->kept)
        return slice_from(buf_slice(&in->kept->bytes), in->kept->at);
    return SLICE_EMPTY;
}

/* Takes the first `n` bytes off it. */
static inline void conn_input_consume(struct conn_reader *r, struct conn_input *in, size_t n)
{
    if (r->owner == in)
        r->rest = slice_from(r->rest, n);
    else if (in->kept)
        in->kept->at += n;
}

/* Reads once, up to `most` bytes, behind the unread input; answers as stream_read. */
ssize_t conn_input_read(struct conn_reader *r, struct conn_input *in, struct stream *s,
                        size_t most);

/* Puts bytes behind the unread input as if they had just been read; it does not lie in the shared
 * buffer. */
void conn_input_add(struct conn_input *in, struct slice bytes);

/* The owner gives the shared buffer up and keeps what is unread. For conn_input_settle. */
void conn_input_evict(struct conn_reader *r);

/* Frees what is kept. For conn_input_settle. */
void conn_input_free(struct conn_input *in);

/* The event is over: the shared buffer is free for others, memory that holds nothing is given back.
 */
static inline void conn_input_settle(struct conn_reader *r, struct conn_input *in)
{
    if (r->owner == in)
        conn_input_evict(r);
    if (in->kept && in->kept->at == in->kept->bytes.n)
        conn_input_free(in);
}

/* Drops it. */
void conn_input_drop(struct conn_reader *r, struct conn_input *in);

#endif
