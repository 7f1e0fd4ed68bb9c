/* Pipes as streams. A pipe has one direction and no half to shut down, so the end of our output is
 * the end of the descriptor: it is closed, and the stream stays, with nothing under it. */
#include "net/pipe.h"

#include <errno.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"
#include "loop/io.h"

struct pipe {
    struct stream stream;
    struct io io;
    int fd; /* -1: shut down */
};

static struct pipe *pipe_of(const struct stream *s)
{
    return CONTAINER_OF(s, struct pipe, stream);
}

static int fd_of(const struct stream *s)
{
    return pipe_of(s)->fd;
}

static ssize_t failure(struct stream *s)
{
    if (errno == EAGAIN)
        return STREAM_AGAIN;
    s->err = err_from_errno(errno);
    return STREAM_FAILED;
}

static ssize_t read_pipe(struct stream *s, void *p, size_t n)
{
    ssize_t got;

    CHECK(n > 0); /* 0 would read as the end of the stream */
    if (s->err)
        return STREAM_FAILED;
    do
        got = read(fd_of(s), p, n);
    while (got < 0 && errno == EINTR);
    return got >= 0 ? got : failure(s);
}

static ssize_t write_pipe(struct stream *s, const struct iovec *iov, int n)
{
    ssize_t sent;

    if (s->err)
        return STREAM_FAILED;
    do
        sent = writev(fd_of(s), iov, n);
    while (sent < 0 && errno == EINTR);
    return sent >= 0 ? sent : failure(s);
}

static void on_io(struct io *io, int events)
{
    struct pipe *p = CONTAINER_OF(io, struct pipe, io);

    p->stream.on_ready(&p->stream, events);
}

static void watch_pipe(struct stream *s, int events)
{
    struct pipe *p = pipe_of(s);

    if (p->fd >= 0)
        io_watch(&p->io, events);
}

static void end_output(struct stream *s)
{
    struct pipe *p = pipe_of(s);

    if (p->fd < 0)
        return;
    io_watch(&p->io, 0);
    (void)close(p->fd);
    p->fd = -1;
    s->err = &err_closed;
}

static void close_pipe(struct stream *s, bool reset)
{
    UNUSED(reset);
    end_output(s);
    mem_free(pipe_of(s));
}

static const struct stream_ops ops = {
    .read = read_pipe,
    .writev = write_pipe,
    .watch = watch_pipe,
    .shutdown = end_output,
    .close = close_pipe,
    .fd = fd_of,
};

struct stream *pipe_adopt(int fd)
{
    struct pipe *p = mem_new(struct pipe);

    p->stream = (struct stream){.ops = &ops};
    p->fd = fd;
    io_init(&p->io, fd, on_io);
    return &p->stream;
}
