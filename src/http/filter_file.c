/* Pieces stand in a list from the first file on, in their order; the first is under way. Whoever
 * does not wait until output has drained has the pieces copied there. */
#include "http/filter_file.h"

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "http/filter.h"

enum { PART = 65536, TURN_MOST = 1 << 20 };

struct held {
    struct held *next;
    struct chunk chunk; /* what is left of it */
    struct buf own;     /* its bytes */
};

struct file_filter {
    struct filter f;
    struct held *held;
};

static struct file_filter *of(struct filter *f)
{
    return CONTAINER_OF(f, struct file_filter, f);
}

static void hold(struct file_filter *f, const struct chunk *c)
{
    struct held *h = mem_new(struct held), **at = &f->held;

    h->chunk = *c;
    if (c->fd < 0) {
        buf_add_slice(&h->own, c->bytes);
        h->chunk.bytes = buf_slice(&h->own);
    }
    while (*at)
        at = &(*at)->next;
    *at = h;
}

static void drop_first(struct file_filter *f)
{
    struct held *h = f->held;

    f->held = h->next;
    chunk_drop(&h->chunk);
    buf_free(&h->own);
    mem_free(h);
}

static void on_pool_reset(void *arg)
{
    struct file_filter *f = arg;

    while (f->held)
        drop_first(f);
}

/* Reads the next part of `c` to `room`; false: what was promised is not there. */
static bool read_part(struct chunk *c, char *room, struct chunk *part_out)
{
    ssize_t n;

    do
        n = pread(c->fd, room, MIN(c->size, (size_t)PART), c->offset);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    c->offset += n;
    c->size -= (size_t)n;
    *part_out = CHUNK_BYTES(slice_of(room, (size_t)n));
    return true;
}

/* Passes on the first piece, or its next part; the number of bytes. */
static size_t pass_part(struct file_filter *f, struct exchange *x, char *room)
{
    struct chunk *c = &f->held->chunk, part = CHUNK_BYTES(c->bytes);
    bool is_end;

    if (c->fd >= 0 && c->size > 0 && !read_part(c, room, &part)) {
        exchange_abort(x, &err_truncated);
        return 0;
    }
    is_end = c->fd < 0 || c->size == 0;
    part.is_flush = is_end && c->is_flush;
    part.is_last = is_end && c->is_last;
    exchange_pass_body(x, f->f.next, &part);
    if (is_end)
        drop_first(f);
    return part.bytes.n;
}

/* As far as the client keeps up and the turn is not too long. A filter may end the response before
 * the file does. */
static void go_on(struct file_filter *f, struct exchange *x)
{
    char *room = mem_alloc(PART);
    size_t n = 0;

    exchange_hold(x);
    while (f->held && x->state < EXCHANGE_DONE && !x->is_complete) {
        if (n >= TURN_MOST || exchange_is_congested(x)) {
            filter_pause(&f->f, x);
            break;
        }
        n += pass_part(f, x, room);
    }
    exchange_release(x);
    mem_free(room);
}

static void on_head(struct filter *filter, struct exchange *x)
{
    exchange_pass_head(x, filter->next);
}

static void on_body(struct filter *filter, struct exchange *x, const struct chunk *c)
{
    struct file_filter *f = of(filter);
    bool is_first = !f->held;

    if (is_first && c->fd < 0) {
        exchange_pass_body(x, filter->next, c);
        return;
    }
    hold(f, c);
    if (is_first)
        go_on(f, x);
}

static void on_resume(struct filter *filter, struct exchange *x)
{
    go_on(of(filter), x);
}

void filter_file_add(struct exchange *x)
{
    static const struct filter_ops ops = {"file", on_head, on_body, on_resume};
    struct file_filter *f;

    if (x->filters && x->filters->ops == &ops)
        return;
    f = pool_new(&x->pool, struct file_filter);
    f->f = (struct filter){.ops = &ops, .next = x->filters};
    x->filters = &f->f;
    pool_on_reset(&x->pool, on_pool_reset, f);
}
