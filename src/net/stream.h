/* A duplex stream of bytes: the interface that TCP, TLS and the in-memory pair fill.
 *
 * Readiness style: the user tries, and when told AGAIN asks to be called. Callbacks come only from
 * the loop, never from inside a call that the user makes, and never after stream_close. An error is
 * sticky: every later call gives it again. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <sys/uio.h>

#include "base/base.h"
#include "base/err.h"
#include "net/addr.h"

enum { STREAM_AGAIN = -1, STREAM_FAILED = -2, STREAM_EMPTY = -3 };

struct stream;

struct stream_ops {
    ssize_t (*read)(struct stream *s, void *p, size_t n);
    ssize_t (*writev)(struct stream *s, const struct iovec *iov, int n);
    ssize_t (*sendfile)(struct stream *s, int fd, off_t offset, size_t n); /* NULL: not possible */
    bool (*can_sendfile)(const struct stream *s); /* NULL: always, where there is `sendfile` */
    void (*watch)(struct stream *s, int events);
    void (*shutdown)(struct stream *s);
    void (*close)(struct stream *s, bool reset);
    int (*fd)(const struct stream *s);                                        /* -1: none */
    ssize_t (*writev_more)(struct stream *s, const struct iovec *iov, int n); /* NULL: as writev */
    bool (*read_on)(struct stream *s);        /* NULL: not possible on this kind */
    size_t (*unread)(const struct stream *s); /* NULL: it never receives ahead */
    bool reads_all;    /* a read that gets less than it asked for has got all there was */
    bool has_messages; /* a read takes one message, a write sends one; either may be empty */
};

struct stream {
    const struct stream_ops *ops;
    void (*on_ready)(struct stream *s, int events); /* IO_READ | IO_WRITE, set by the user */
    void *user;
    const struct err *err;   /* set once STREAM_FAILED was answered */
    void (*on_closed)(void); /* called when it has been closed; NULL: nobody cares */
};

/* A write has failed: can what the peer sent before it went be read all the same? Then the error is
 * taken back, reading goes on to the peer's end, and writing is over. */
static inline bool stream_read_on(struct stream *s)
{
    return s->ops->read_on && s->ops->read_on(s);
}

/* Reads up to `n` bytes. > 0: how many; 0: the peer has ended its side; STREAM_AGAIN;
 * STREAM_FAILED; STREAM_EMPTY: a message without bytes, of those that have messages. */
static inline ssize_t stream_read(struct stream *s, void *p, size_t n)
{
    return s->ops->read(s, p, n);
}

/* Writes the start of the vectors; how many bytes, STREAM_AGAIN or STREAM_FAILED. */
static inline ssize_t stream_writev(struct stream *s, const struct iovec *iov, int n)
{
    return s->ops->writev(s, iov, n);
}

/* As stream_writev, when more is about to follow: a packet that is not full may wait for it. */
static inline ssize_t stream_writev_more(struct stream *s, const struct iovec *iov, int n)
{
    return (s->ops->writev_more ? s->ops->writev_more : s->ops->writev)(s, iov, n);
}

/* Can it send from a file without copying through the process? */
static inline bool stream_can_sendfile(const struct stream *s)
{
    return s->ops->sendfile && (!s->ops->can_sendfile || s->ops->can_sendfile(s));
}

/* Sends up to `n` bytes of a file from `offset`; answers as stream_writev; 0: the file is shorter
 * than that. */
static inline ssize_t stream_sendfile(struct stream *s, int fd, off_t offset, size_t n)
{
    return s->ops->sendfile(s, fd, offset, n);
}

/* Calls on_ready for exactly these events (IO_READ | IO_WRITE, level-triggered) from now on; 0:
 * none. */
static inline void stream_watch(struct stream *s, int events)
{
    s->ops->watch(s, events);
}

/* Ends our side: the peer reads end-of-file after what was written. */
static inline void stream_shutdown(struct stream *s)
{
    s->ops->shutdown(s);
}

/* Frees the stream and clears the pointer. `reset`: drop unsent data and tell the peer so (RST).
 * Safe in a callback. */
static inline void stream_close(struct stream **s, bool reset)
{
    struct stream *dead = *s;
    void (*on_closed)(void);

    *s = NULL;
    if (!dead)
        return;
    on_closed = dead->on_closed;
    dead->ops->close(dead, reset);
    if (on_closed)
        on_closed();
}

/* Bytes that have been received for it and are not read yet, which the descriptor does not show any
 * more. With TLS what they hold is not known. */
static inline size_t stream_unread(const struct stream *s)
{
    return s->ops->unread ? s->ops->unread(s) : 0;
}

/* The descriptor underneath, -1 when there is none. */
static inline int stream_fd(const struct stream *s)
{
    return s->ops->fd(s);
}

#endif
