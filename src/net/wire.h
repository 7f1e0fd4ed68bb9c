/* A stream with its unread input, its unsent output and a deadline for each direction: what
 * somebody who speaks a protocol works with.
 *
 * Input is taken by what ends it: a count, a line, a delimiter (by the user, over wire_input), the
 * end. A call that cannot be satisfied answers WIRE_WAIT; then wire_wait asks for one call of
 * on_event, and the same call is made again: it goes on where it stood. An idle wire owns no
 * buffer. */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "base/buf.h"
#include "base/slice.h"
#include "loop/io.h"
#include "loop/timer.h"
#include "net/outq.h"
#include "net/stream.h"

enum wire_result {
    WIRE_DONE,   /* the answer is there; of output: the kernel has all of it */
    WIRE_WAIT,   /* not yet: wire_wait */
    WIRE_END,    /* the peer has ended its side; the slice is what came before, and is taken */
    WIRE_FAILED, /* w->stream->err, or err_too_large with w->is_overfull; the slice likewise */
};

/* Who wants to know that the peer has ended its side while nobody reads. */
struct wire_end {
    void (*fn)(struct wire_end *e);
};

struct wire {
    struct stream *stream; /* NULL: closed */
    const char *in;        /* unread input: n bytes, in the shared buffer or in `kept` */
    size_t n;
    size_t scanned;   /* of it known not to end a line */
    uint64_t taken;   /* bytes of input taken so far: names places in the stream */
    uint64_t written; /* bytes of output accepted so far, queued ones included */
    size_t most;      /* unread input may grow to this while an answer is incomplete */
    struct buf kept;
    struct outq out;
    struct timer timer;
    uint64_t read_deadline, write_deadline; /* clock_ms; 0: none */
    uint64_t write_timeout; /* of the running wait, in ms; progress starts it anew */
    size_t out_goal;        /* on_event(IO_WRITE) is due when no more is queued */
    void (*on_event)(struct wire *w, int events);
    struct wire_end *end;            /* NULL: nobody */
    uint8_t waits, expired, watched; /* IO_READ | IO_WRITE */
    bool is_dry;                     /* reading would answer AGAIN */
    bool has_eof;
    bool is_overfull;
};

enum { WIRE_INPUT_MOST = 1 << 28 };

/* A closed wire. */
void wire_init(struct wire *w);

/* Opens a closed wire over `s`, which it owns. on_event is called from the loop only: once for each
 * wire_wait, when the wait is over or its time is; it may close the wire. */
void wire_open(struct wire *w, struct stream *s, void (*on_event)(struct wire *w, int events));

/* Puts bytes that were read before in front of everything else; the wire has no input yet. */
void wire_unread(struct wire *w, struct slice s);

/* The wire, just opened, goes on where another stood: `in` was read by that, what is in `out` was
 * not sent yet and is from now on. */
void wire_resume(struct wire *w, struct slice in, struct outq *out);

/* Closes the stream and drops everything, but for output that it still takes at once; `reset`: the
 * peer sees a reset. Harmless when closed. No call of on_event follows. */
void wire_close(struct wire *w, bool reset);

/* Closes the wire, handing its stream over: unread input is added to `in`, unsent output to `out`.
 */
struct stream *wire_release(struct wire *w, struct buf *in, struct outq *out);

/* --- input; slices are valid until the next call that reads, of any wire --- */

/* Takes exactly `n` bytes. */
enum wire_result wire_take(struct wire *w, size_t n, struct slice *out);

/* Takes what is there, at most `most` (> 0) bytes; none: an empty message. */
enum wire_result wire_take_some(struct wire *w, size_t most, struct slice *out);

/* Takes a line; the slice ends before the LF. */
enum wire_result wire_take_line(struct wire *w, struct slice *out);

/* Takes everything up to the end of the stream: WIRE_DONE then. */
enum wire_result wire_take_all(struct wire *w, struct slice *out);

/* The unread input. */
static inline struct slice wire_input(const struct wire *w)
{
    return (struct slice){w->in ? w->in : "", w->n};
}

/* Takes `n` bytes of the input. */
void wire_consume(struct wire *w, size_t n);

/* Reads once, behind the unread input. WIRE_DONE: there is more of it, or it was an empty message.
 */
enum wire_result wire_fill(struct wire *w, size_t want);

/* --- output --- */

/* Starts a message that is put together from pieces and sent without copying the large ones.
 * Between this and wire_write_end nothing else happens. */
void wire_write_begin(struct wire *w);

/* Adds a piece, which must stay valid until wire_write_end. */
void wire_write_add(struct wire *w, const void *p, size_t n);

/* Ends the message. WIRE_WAIT: some of it is queued and will be sent as the peer takes it. */
enum wire_result wire_write_end(struct wire *w);

/* No more than `most` bytes queued? */
enum wire_result wire_drained(struct wire *w, size_t most);

/* --- waiting --- */

/* After WIRE_WAIT: on_event is called once with `side` (IO_READ or IO_WRITE) when it is worth
 * another try, or after `ms` without progress (0: never). */
void wire_wait(struct wire *w, int side, uint64_t ms);

/* Nobody waits for `side` any more. */
void wire_forget(struct wire *w, int side);

/* From now on, until the wire is closed, e->fn is called once from the loop when the peer has ended
 * its side, or is gone, while nobody waits for input and none is unread (whoever was told of the
 * end by a read included); it may close the wire. Input is read and kept to see that. */
void wire_mind_end(struct wire *w, struct wire_end *e);

/* Did the last wait for `side` end because of its time? Asking clears it. */
bool wire_has_expired(struct wire *w, int side);

#endif
