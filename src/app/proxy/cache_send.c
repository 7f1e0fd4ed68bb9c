/* As a file is sent: conditions and ranges count where the status is 200. */
#include "app/proxy/cache_send.h"

#include "app/files/file_send.h"
#include "app/files/static_send.h"
#include "base/clock.h"
#include "http/filter_compress.h"

static void add_age(struct visit *v, const struct cache_head *h)
{
    int64_t age = h->age + MAX(clock_wall_ms() / 1000 - h->made, 0);

    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_AGE,
                  pool_printf(visit_pool(v), "%lld", (long long)age));
}

int cache_send_condition(const struct visit *v)
{
    const struct response *r = &v->x->res;

    return r->status == 200
               ? static_send_conditions(v, header_value(&v->x->res.headers, HEADER_ETAG),
                                        r->last_modified)
               : 0;
}

void cache_send_status(struct visit *v, int status)
{
    if (status != 304) {
        (void)file_send_refuse(v, status);
        return;
    }
    filter_compress_unmodified(v->x);
    v->x->res.status = status;
    v->x->res.reason = SLICE_EMPTY;
    header_remove_id(&v->x->res.headers, HEADER_CONTENT_TYPE);
    header_remove_id(&v->x->res.headers, HEADER_CONTENT_ENCODING);
    exchange_end(v->x);
}

static void send_kept(struct visit *v, const struct file_body *body)
{
    int status = cache_send_condition(v);

    if (status)
        cache_send_status(v, status);
    else if (v->x->res.status == 200)
        (void)file_send(v, body, header_value(&v->x->res.headers, HEADER_ETAG),
                        v->x->res.last_modified);
    else
        (void)file_send_part(v->x, body, 0, body->size);
}

struct file_body cache_send_body(struct visit *v, const struct cache_file *f)
{
    add_age(v, &f->head);
    return (struct file_body){.fd = f->fd, .at = (int64_t)f->body_at, .size = f->head.body_size};
}

/* Ending it may be its end. */
void cache_send(struct visit *v, const struct cache_file *f)
{
    struct file_body body = cache_send_body(v, f);

    exchange_hold(v->x);
    send_kept(v, &body);
    exchange_release(v->x);
}
