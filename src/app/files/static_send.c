/* From an open file to a response (RFC 9110 sections 8.8, 13 and 14).
 *
 * A file in memory leaves as bytes, together with the head; another as sections of its descriptor.
 * The descriptor belongs to the file cache and is held until the exchange's pool is reset. Filters
 * may keep a piece for longer than the exchange lasts, so where there are any a piece owns a
 * duplicate of its own.
 *
 * Range is defined for GET alone. Ranges that overlap or are too many are ignored, so an answer
 * never holds more than the file and the separators. Those of a file that will be decoded or
 * changed on its way out would be ranges of something else, and are ignored too. */
#include "app/files/static_send.h"

#include <fcntl.h>

#include "app/phases.h"
#include "app/sub_filter.h"
#include "base/rand.h"
#include "http/filter_gunzip.h"
#include "proto/range.h"

enum { RANGES_MOST = 32, BOUNDARY_SIZE = 20 };

static void on_pool_reset(void *file)
{
    file_cache_release(file);
}

static struct chunk section(const struct exchange *x, const struct file_cache_file *f,
                            int64_t first, int64_t size)
{
    struct chunk c = {.bytes = SLICE_EMPTY, .fd = -1};

    if (f->bytes) {
        c.bytes = slice_of(f->bytes + first, (size_t)size);
        return c;
    }
    c.fd = f->fd;
    c.offset = first;
    c.size = (size_t)size;
    if (x->filters) {
        int own = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);

        c.owns_fd = own >= 0;
        c.fd = own >= 0 ? own : f->fd;
    }
    return c;
}

static enum step_result send_part(struct exchange *x, const struct file_cache_file *f,
                                  int64_t first, int64_t size)
{
    struct chunk c;

    x->res.content_length = size;
    if (x->is_head) {
        exchange_end(x);
        return STEP_DONE;
    }
    c = section(x, f, first, size);
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

static int64_t describe_parts(struct visit *v, const struct file_cache_file *f, struct multipart *m,
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

static enum step_result send_multipart(struct visit *v, const struct file_cache_file *f,
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
        struct chunk c = section(x, f, ranges[i].first, ranges[i].size);

        exchange_write(x, &CHUNK_BYTES(m.heads[i]));
        exchange_write(x, &c);
    }
    exchange_write(x, &CHUNK_LAST(m.end));
    return STEP_DONE;
}

/* --- ranges and conditions --- */

/* Ends with an error, for which what was said about the file does not hold. */
static enum step_result refuse(struct visit *v, int status)
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

static enum step_result refuse_range(struct visit *v, const struct file_cache_file *f)
{
    struct response *r = &v->x->res;

    header_set_id(&r->headers, visit_pool(v), HEADER_CONTENT_RANGE,
                  pool_printf(visit_pool(v), "bytes */%lld", (long long)f->size));
    return refuse(v, 416);
}

static enum step_result send_ranges(struct visit *v, const struct file_cache_file *f,
                                    const struct range *ranges, unsigned n)
{
    struct response *r = &v->x->res;

    r->status = 206;
    if (n > 1)
        return send_multipart(v, f, ranges, n);
    header_set_id(&r->headers, visit_pool(v), HEADER_CONTENT_RANGE,
                  pool_printf(visit_pool(v), "bytes %lld-%lld/%lld", (long long)ranges->first,
                              (long long)(ranges->first + ranges->size - 1), (long long)f->size));
    return send_part(v->x, f, ranges->first, ranges->size);
}

/* As this location shows it: what set_validators has put into the head. */
static struct slice etag_of(const struct visit *v)
{
    const struct header *h = header_find_id(&v->x->res.headers, HEADER_ETAG);

    return v->loc->has_etag ? h->value : SLICE_EMPTY;
}

static enum step_result send_ok(struct visit *v, const struct file_cache_file *f)
{
    struct exchange *x = v->x;
    const struct header *field = header_find_id(&x->req.headers, HEADER_RANGE);
    struct range ranges[RANGES_MOST];
    unsigned n;

    if (field && x->req.method == METHOD_GET && !sub_filter_is_meant(v) &&
        !filter_gunzip_will_decode(x) &&
        range_if_range_holds(&x->req.headers, etag_of(v), f->mtime))
        switch (range_parse(field->value, f->size, ranges, RANGES_MOST, &n)) {
        case RANGE_SOME:
            return send_ranges(v, f, ranges, n);
        case RANGE_UNSATISFIABLE:
            return refuse_range(v, f);
        case RANGE_NONE:
            break;
        }
    header_set_id(&x->res.headers, visit_pool(v), HEADER_ACCEPT_RANGES, SLICE("bytes"));
    return send_part(x, f, 0, f->size);
}

int static_send_conditions(const struct visit *v, struct slice etag, int64_t mtime)
{
    const struct request *req = &v->x->req;
    enum modified_since rule = v->loc->if_modified_since;
    int status =
        range_check_conditions(&req->headers, req->method, etag, mtime, rule == MODIFIED_EXACT);

    if (status == 304 && rule == MODIFIED_OFF &&
        !header_find_id(&req->headers, HEADER_IF_NONE_MATCH))
        return 0;
    return status;
}

/* Two files of one name must differ in a strong validator, also when they have the same size. */
static struct slice make_etag(struct visit *v, const struct file_cache_file *f, enum coding coding)
{
    struct slice bare = f->etag, name;

    if (LIKELY(coding == CODING_COUNT))
        return f->etag;
    bare.n--; /* the quote */
    name = coding_name(coding);
    return pool_printf(visit_pool(v), SLICE_FMT "-" SLICE_FMT "\"", SLICE_ARG(bare),
                       SLICE_ARG(name));
}

static void set_validators(struct visit *v, const struct file_cache_file *f, enum coding coding)
{
    struct response *r = &v->x->res;

    r->last_modified = f->mtime;
    header_set_id(&r->headers, visit_pool(v), HEADER_LAST_MODIFIED, f->last_modified);
    if (v->loc->has_etag)
        header_set_id(&r->headers, visit_pool(v), HEADER_ETAG, make_etag(v, f, coding));
}

void static_send_type(struct visit *v)
{
    struct response *r = &v->x->res;
    struct slice type;

    if (header_find_id(&r->headers, HEADER_CONTENT_TYPE))
        return;
    type = v->loc->types ? mime_find(v->loc->types, v->x->req.path) : slice_of(NULL, 0);
    if (!type.p)
        type = v->loc->default_type;
    if (type.n)
        header_add_id(&r->headers, visit_pool(v), HEADER_CONTENT_TYPE, type);
}

static enum step_result not_modified(struct visit *v)
{
    struct response *r = &v->x->res;

    r->status = 304;
    header_remove_id(&r->headers, HEADER_CONTENT_TYPE);
    header_remove_id(&r->headers, HEADER_CONTENT_ENCODING);
    exchange_end(v->x);
    return STEP_DONE;
}

enum step_result static_send(struct visit *v, const struct file_cache_file *file,
                             enum coding coding)
{
    struct response *r = &v->x->res;

    v->static_file = (void *)(uintptr_t)file;
    pool_on_reset(visit_pool(v), on_pool_reset, v->static_file);
    if (r->status == 0)
        r->status = 200;
    set_validators(v, file, coding);
    if (coding != CODING_COUNT)
        header_set_id(&r->headers, visit_pool(v), HEADER_CONTENT_ENCODING, coding_name(coding));
    if (r->status != 200) {
        static_send_type(v);
        return send_part(v->x, file, 0, file->size);
    }
    switch (static_send_conditions(v, etag_of(v), file->mtime)) {
    case 304:
        return not_modified(v);
    case 412:
        return refuse(v, 412);
    }
    static_send_type(v);
    return send_ok(v, file);
}
