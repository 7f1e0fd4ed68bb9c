/* As a file is sent: conditions and ranges count where the status is 200. */
#include "app/proxy/cache_send.h"

#include "app/files/file_send.h"
#include "app/files/static_send.h"
#include "base/clock.h"

static void add_age(struct visit *v, const struct cache_head *h)
{
    int64_t age = h->age + MAX(clock_wall_ms() / 1000 - h->made, 0);

    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_AGE,
                  pool_printf(visit_pool(v), "%lld", (long long)age));
}

static void send_kept(struct visit *v, const struct file_body *body)
{
    struct exchange *x = v->x;
    const struct header *etag = header_find_id(&x->res.headers, HEADER_ETAG);
    int64_t mtime = x->res.last_modified;
    int status = 0;

    if (x->res.status == 200)
        status = static_send_conditions(v, etag ? etag->value : SLICE_EMPTY, mtime);
    if (status == 412) {
        (void)file_send_refuse(v, status);
    } else if (status) {
        x->res.status = status;
        x->res.reason = SLICE_EMPTY;
        exchange_end(x);
    } else if (x->res.status == 200) {
        (void)file_send(v, body, etag ? etag->value : SLICE_EMPTY, mtime);
    } else {
        (void)file_send_part(x, body, 0, body->size);
    }
}

/* Ending it may be its end. */
void cache_send(struct visit *v, const struct cache_file *f)
{
    struct file_body body = {.fd = f->fd, .at = (int64_t)f->body_at, .size = f->head.body_size};

    add_age(v, &f->head);
    exchange_hold(v->x);
    send_kept(v, &body);
    exchange_release(v->x);
}
