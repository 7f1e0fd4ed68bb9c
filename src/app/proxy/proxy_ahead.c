/* The memory is older than the file: what comes goes to the file once there is one with something
 * in it, and to memory again when all of that has been sent. A piece is read when there is room for
 * the largest, so that it never has to be given back. A file that cannot be written is done
 * without: the piece it was to take waits in memory behind it, and the server until there is room.
 */
#include "app/proxy/proxy_ahead.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { PIECE_MOST = 65536 };

struct proxy_ahead {
    struct buf memory;
    int fd;                 /* of the file, which has no name any more; -1: there is none */
    uint64_t written, sent; /* bytes of the file */
    struct buf behind;      /* the file: what could not be written to it */
    bool has_failed;        /* the file: it takes nothing more */
};

static void discard(void *arg)
{
    struct proxy_ahead *a = arg;

    buf_free(&a->memory);
    buf_free(&a->behind);
    if (a->fd >= 0)
        (void)close(a->fd);
}

static struct proxy_ahead *attach(struct proxy *p)
{
    p->ahead = pool_new(visit_pool(p->v), struct proxy_ahead);
    p->ahead->fd = -1;
    pool_on_reset(visit_pool(p->v), discard, p->ahead);
    return p->ahead;
}

static bool fits_memory(const struct proxy *p, size_t n)
{
    static const struct proxy_ahead nothing;
    const struct proxy_ahead *a = p->ahead ? p->ahead : &nothing;

    return a->written == a->sent && !a->behind.n && a->memory.n + n <= p->conf->buffers;
}

bool proxy_ahead_has_some(const struct proxy *p)
{
    const struct proxy_ahead *a = p->ahead;

    return a && (a->memory.n || a->written > a->sent || a->behind.n);
}

bool proxy_ahead_has_room(const struct proxy *p)
{
    uint64_t written = p->ahead ? p->ahead->written : 0;
    bool has_file = !p->ahead || !p->ahead->has_failed;

    if (p->is_flushing)
        return false;
    return (has_file && written + PIECE_MOST <= p->conf->max_temp_file) ||
           fits_memory(p, PIECE_MOST);
}

static const char *folder(const struct proxy *p)
{
    return p->conf->temp_path ? p->conf->temp_path : p->v->x->settings->temp_path;
}

static const struct err *open_file(struct proxy *p)
{
    struct buf path = BUF_EMPTY;
    const struct err *e = file_temp(folder(p), &path, &p->ahead->fd);

    if (!e) {
        (void)unlink(buf_cstr(&path));
        log_write(&p->v->x->log, LOG_WARN,
                  "an upstream response is buffered to a temporary file %s while reading upstream",
                  buf_cstr(&path));
    }
    buf_free(&path);
    return e;
}

static const struct err *write_file(struct proxy *p, struct slice bytes)
{
    struct proxy_ahead *a = p->ahead;
    const struct err *e = a->fd < 0 ? open_file(p) : NULL;

    if (!e)
        e = file_write_all(a->fd, bytes.p, bytes.n);
    if (!e)
        a->written += bytes.n;
    return e;
}

void proxy_ahead_keep(struct proxy *p, struct slice bytes)
{
    struct proxy_ahead *a = p->ahead ? p->ahead : attach(p);
    const struct err *e;

    if (fits_memory(p, bytes.n)) {
        buf_add_slice(&a->memory, bytes);
        return;
    }
    e = write_file(p, bytes);
    if (!e)
        return;
    log_write(&p->v->x->log, LOG_CRIT,
              "buffering an upstream response in \"%s\" failed (%s): it is read as fast as the "
              "client takes it",
              folder(p), e->message);
    a->has_failed = true;
    buf_add_slice(&a->behind, bytes);
}

static void send_memory(struct proxy *p, struct buf *kept)
{
    struct buf memory = *kept;
    struct chunk c = CHUNK_BYTES(buf_slice(&memory));

    *kept = BUF_EMPTY;
    if (c.bytes.n)
        exchange_write(p->v->x, &c);
    buf_free(&memory);
}

/* All of it has been sent: its room is needed again. */
static const struct err *begin_file_anew(struct proxy_ahead *a)
{
    if (ftruncate(a->fd, 0) < 0 || lseek(a->fd, 0, SEEK_SET) < 0)
        return err_from_errno(errno);
    a->written = a->sent = 0;
    return NULL;
}

static const struct err *send_part(struct proxy *p, char *room)
{
    struct proxy_ahead *a = p->ahead;
    struct chunk c;
    ssize_t n;

    do
        n = pread(a->fd, room, MIN(a->written - a->sent, (uint64_t)PIECE_MOST), (off_t)a->sent);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n < 0 ? err_from_errno(errno) : &err_truncated;
    a->sent += (uint64_t)n;
    c = CHUNK_BYTES(slice_of(room, (size_t)n));
    exchange_write(p->v->x, &c);
    return a->sent == a->written ? begin_file_anew(a) : NULL;
}

static const struct err *send_file(struct proxy *p)
{
    const struct err *e = NULL;
    struct proxy_ahead *a = p->ahead;
    char *room = mem_alloc(PIECE_MOST);

    while (!e && a->sent < a->written && p->v->x->state < EXCHANGE_DONE &&
           !exchange_is_congested(p->v->x))
        e = send_part(p, room);
    mem_free(room);
    if (e)
        log_write(&p->v->x->log, LOG_CRIT, "reading a temporary file of an answer failed: %s",
                  e->message);
    return e;
}

const struct err *proxy_ahead_send(struct proxy *p)
{
    const struct err *e = NULL;
    struct proxy_ahead *a = p->ahead;

    if (!proxy_ahead_has_some(p) || exchange_is_congested(p->v->x))
        return NULL;
    send_memory(p, &a->memory);
    if (a->sent < a->written)
        e = send_file(p);
    if (!e && a->sent == a->written && p->v->x->state < EXCHANGE_DONE)
        send_memory(p, &a->behind);
    return e;
}
