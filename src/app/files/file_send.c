/* Where the bytes are in a file that goes on to exist for as long as the exchange, a piece is a
 * section of its descriptor. Filters may keep a piece for longer, so where there are any a piece
 * owns a duplicate of its own.
 *
 * Range is defined for GET alone. Ranges that overlap or are too many are ignored, so an answer
 * never holds more than the file and the separators. Those of a file that will be decoded or
 * changed on its way out would be ranges of something else, and are ignored too. */
#include "app/files/file_send.h"

#include <fcntl.h>

#include "app/filters/sub_filter.h"
#include "app/phases.h"
#include "base/rand.h"
#include "http/filter_gunzip.h"

enum { BOUNDARY_SIZE = 20 };

struct chunk file_send_section(const struct exchange *x, const struct file_body *f, int64_t first,
                               int64_t size)
{
    struct chunk c = {.bytes = SLICE_EMPTY, .fd = -1};

    if (f->bytes) {
        c.bytes = slice_of(f->bytes + first, (size_t)size);
        return c;
    }
    c.fd = f->fd;
    c.offset = f->at + first;
    c.size = (size_t)size;
    if (x->filters) {
        int own = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);

        c.owns_fd = own >= 0;
        c.fd = own >= 0 ? own : f->fd;
    }
    return c;
}

enum step_result file_send_part(struct exchange *x, const struct file_body *f, int64_t first,
                                int64_t size)
{
    struct chunk c;

    x->res.content_length = size;
    if (x->is_head) {
        exchange_end(x);
        return STEP_DONE;
    }
    c = file_send_section(x, f, first, size);
    c.is_last = true;
    exchange_write(x, &c);
    return STEP_DONE;
}

/* --- several ranges (section 14.6) --- */

struct multipart {
    const struct range *ranges;
    unsigned n;
    struct slice *heads; /* of each part, with the delimiter before it */
    struct slice end;
};

static int64_t describe_parts(struct visit *v, const struct file_body *f, struct multipart *m,
                              struct slice type, const char *boundary)
{
    struct pool *pool = visit_pool(v);
    int64_t length = 0;

    m->heads = pool_alloc(pool, m->n * sizeof *m->heads);
    for (unsigned i = 0; i < m->n; i++) {
        const struct range *r = &m->ranges[i];
        const char *field = type.n ? "Content-Type: " : "";

        m->heads[i] = pool_printf(
            pool, "\r\n--%s\r\n%s" SLICE_FMT "%sContent-Range: bytes %lld-%lld/%lld\r\n\r\n",
            boundary, field, SLICE_ARG(type), type.n ? "\r\n" : "", (long long)r->first,
            (long long)(r->first + r->size - 1), (long long)f->size);
        length += (int64_t)m->heads[i].n + r->size;
    }
    m->end = pool_printf(pool, "\r\n--%s--\r\n", boundary);
    return length + (int64_t)m->end.n;
}

static enum step_result send_multipart(struct visit *v, const struct file_body *f,
                                       const struct range *ranges, unsigned n)
{
    struct exchange *x = v->x;
    const struct header *type = header_find_id(&x->res.headers, HEADER_CONTENT_TYPE);
    struct multipart m = {.ranges = ranges, .n = n};
    struct slice boundary =
        pool_printf(visit_pool(v), "%0*llu", BOUNDARY_SIZE, (unsigned long long)rand_u64());

    x->res.content_length = describe_parts(v, f, &m, type ? type->value : SLICE_EMPTY, boundary.p);
    header_set_id(&x->res.headers, visit_pool(v), HEADER_CONTENT_TYPE,
                  pool_printf(visit_pool(v), "multipart/byteranges; boundary=%s", boundary.p));
    for (unsigned i = 0; i < n; i++) {
        struct chunk c = file_send_section(x, f, ranges[i].first, ranges[i].size);

        exchange_write(x, &CHUNK_BYTES(m.heads[i]));
        exchange_write(x, &c);
    }
    exchange_write(x, &CHUNK_LAST(m.end));
    return STEP_DONE;
}

/* --- ranges and conditions --- */

enum step_result file_send_refuse(struct visit *v, int status)
{
    struct response *r = &v->x->res;

    r->status = 0;
    r->last_modified = -1;
    header_remove_id(&r->headers, HEADER_LAST_MODIFIED);
    header_remove_id(&r->headers, HEADER_ETAG);
    header_remove_id(&r->headers, HEADER_CONTENT_TYPE);
    header_remove_id(&r->headers, HEADER_CONTENT_ENCODING);
    return phases_finish_status(v, status);
}

enum step_result file_send_refuse_range(struct visit *v, int64_t size)
{
    struct response *r = &v->x->res;

    header_set_id(&r->headers, visit_pool(v), HEADER_CONTENT_RANGE,
                  pool_printf(visit_pool(v), "bytes */%lld", (long long)size));
    return file_send_refuse(v, 416);
}

void file_send_tell_part(struct visit *v, const struct range *part, int64_t size)
{
    struct response *r = &v->x->res;

    r->status = 206;
    r->reason = SLICE_EMPTY;
    header_set_id(&r->headers, visit_pool(v), HEADER_CONTENT_RANGE,
                  pool_printf(visit_pool(v), "bytes %lld-%lld/%lld", (long long)part->first,
                              (long long)(part->first + part->size - 1), (long long)size));
}

void file_send_tell_ranges(struct visit *v)
{
    if (v->loc->max_ranges > 0 && !v->parent)
        header_set_id(&v->x->res.headers, visit_pool(v), HEADER_ACCEPT_RANGES, SLICE("bytes"));
}

static enum step_result send_ranges(struct visit *v, const struct file_body *f,
                                    const struct range *ranges, unsigned n)
{
    if (n > 1) {
        v->x->res.status = 206;
        v->x->res.reason = SLICE_EMPTY;
        return send_multipart(v, f, ranges, n);
    }
    file_send_tell_part(v, ranges, f->size);
    return file_send_part(v->x, f, ranges->first, ranges->size);
}

/* May a Range field be heeded? It asks for a part of the answer, not of what a subrequest adds to
 * it. */
static bool can_send_ranges(const struct visit *v, struct slice etag, int64_t mtime)
{
    const struct exchange *x = v->x;

    return v->loc->max_ranges > 0 && !v->parent && x->req.method == METHOD_GET &&
           !sub_filter_is_meant(v) && !filter_gunzip_will_decode(x) &&
           range_if_range_holds(&x->req.headers, etag, mtime);
}

enum range_result file_send_find(struct visit *v, int64_t size, struct slice etag, int64_t mtime,
                                 const struct range **ranges_out, unsigned *n_out)
{
    const struct header *field = header_find_id(&v->x->req.headers, HEADER_RANGE);
    unsigned most = v->loc->max_ranges;
    struct range *ranges;

    if (!field || !can_send_ranges(v, etag, mtime))
        return RANGE_NONE;
    ranges = pool_alloc(visit_pool(v), most * sizeof(*ranges));
    *ranges_out = ranges;
    return range_parse(field->value, size, ranges, most, n_out);
}

enum step_result file_send(struct visit *v, const struct file_body *f, struct slice etag,
                           int64_t mtime)
{
    const struct range *ranges;
    unsigned n;

    switch (file_send_find(v, f->size, etag, mtime, &ranges, &n)) {
    case RANGE_SOME:
        return send_ranges(v, f, ranges, n);
    case RANGE_UNSATISFIABLE:
        return file_send_refuse_range(v, f->size);
    case RANGE_NONE:
        break;
    }
    file_send_tell_ranges(v);
    return file_send_part(v->x, f, 0, f->size);
}
