/* From an open file to a response (RFC 9110 sections 8.8 and 13); its bytes leave by file_send.
 *
 * A file in memory leaves as bytes, together with the head; another as sections of its descriptor.
 * The descriptor belongs to the file cache and is held until the exchange's pool is reset. */
#include "app/files/static_send.h"

#include "app/files/file_send.h"
#include "http/filter_compress.h"
#include "proto/range.h"

static void on_pool_reset(void *file)
{
    file_cache_release(file);
}

/* As this location shows it: what set_validators has put into the head. */
static struct slice etag_of(const struct visit *v)
{
    const struct header *h = header_find_id(&v->x->res.headers, HEADER_ETAG);

    return v->loc->has_etag ? h->value : SLICE_EMPTY;
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

    /* the time of an error's page says nothing of what was asked for */
    if (r->status == 200) {
        r->last_modified = f->mtime;
        header_set_id(&r->headers, visit_pool(v), HEADER_LAST_MODIFIED, f->last_modified);
    }
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

static enum step_result not_modified(struct visit *v, int64_t size)
{
    struct response *r = &v->x->res;

    static_send_type(v);
    r->content_length = size;
    filter_compress_unmodified(v->x);
    r->content_length = -1;
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
    struct file_body body = {.bytes = file->bytes, .fd = file->fd, .size = file->size};

    pool_on_reset(visit_pool(v), on_pool_reset, (void *)(uintptr_t)file);
    if (r->status == 0)
        r->status = 200;
    set_validators(v, file, coding);
    if (coding != CODING_COUNT)
        header_set_id(&r->headers, visit_pool(v), HEADER_CONTENT_ENCODING, coding_name(coding));
    if (r->status != 200) {
        static_send_type(v);
        return file_send_part(v->x, &body, 0, body.size);
    }
    switch (static_send_conditions(v, etag_of(v), file->mtime)) {
    case 304:
        return not_modified(v, (int64_t)file->size);
    case 412:
        return file_send_refuse(v, 412);
    }
    static_send_type(v);
    return file_send(v, &body, etag_of(v), file->mtime);
}
