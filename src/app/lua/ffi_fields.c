/* Lists of fields as ngx.header, ngx.req.*_header and ngx.resp see them. Content-Length and
 * Last-Modified of a response are kept beside the list, as the exchange has them. */
#include "app/lua/ffi_fields.h"

#include "app/lua/ffi_ngx.h"
#include "app/lua/lib_ngx_visit.h"
#include "app/lua/lua_step.h"
#include "app/request_fields.h"
#include "base/num.h"
#include "proto/date.h"

static int put(struct ffi_str *out, struct slice s)
{
    out->p = s.p ? s.p : "";
    out->n = s.n;
    return FFI_NGX_OK;
}

static struct header_list *list_of(struct visit *v, int is_response)
{
    return is_response ? &v->x->res.headers : &v->x->req.headers;
}

int ffi_fields_count(int is_response)
{
    struct visit *v = lua_current_visit();

    return v ? (int)list_of(v, is_response)->n : FFI_NGX_NO_REQUEST;
}

int ffi_fields_at(int is_response, int i, struct ffi_str *name, struct ffi_str *value)
{
    struct visit *v = lua_current_visit();
    const struct header_list *l;

    if (!v)
        return FFI_NGX_NO_REQUEST;
    l = list_of(v, is_response);
    if (i < 0 || (unsigned)i >= l->n)
        return FFI_NGX_NONE;
    put(name, l->fields[i].name);
    return put(value, l->fields[i].value);
}

static int get_kept(struct visit *v, enum header_id id, struct ffi_str *value)
{
    const struct response *res = &v->x->res;
    char *p;

    if (id == HEADER_CONTENT_LENGTH && res->content_length >= 0) {
        p = pool_alloc(visit_pool(v), 21);
        return put(value, slice_of(p, num_format(p, res->content_length)));
    }
    if (id == HEADER_LAST_MODIFIED && res->last_modified >= 0) {
        p = pool_alloc(visit_pool(v), DATE_SIZE);
        date_format(p, res->last_modified);
        return put(value, slice_of(p, DATE_SIZE));
    }
    return FFI_NGX_NONE;
}

/* The name of a field of the response as it is sent: with `-` for `_`, unless the location says
 * otherwise. Valid until the next call. */
static struct slice sent_name(const struct visit *v, struct slice name)
{
    static struct buf dashed; /* process-wide: valid until the next call */

    if (!v->loc->does_lua_change_underscores || slice_find(name, '_') < 0)
        return name;
    dashed.n = 0;
    for (size_t i = 0; i < name.n; i++)
        buf_add_char(&dashed, name.p[i] == '_' ? '-' : name.p[i]);
    return buf_slice(&dashed);
}

int ffi_fields_get(const char *name, size_t n, int nth, struct ffi_str *value)
{
    struct visit *v = lua_current_visit();
    const struct header_list *l;
    bool is_first = nth == 0;
    struct slice wanted;
    enum header_id id;

    if (!v)
        return FFI_NGX_NO_REQUEST;
    wanted = sent_name(v, slice_of(name, n));
    id = header_id(wanted);
    l = &v->x->res.headers;
    for (unsigned i = 0; i < l->n; i++) {
        const struct header *h = &l->fields[i];

        if (h->id != id || (id == HEADER_OTHER && !slice_ieq(h->name, wanted)))
            continue;
        if (nth-- == 0)
            return put(value, h->value);
    }
    return is_first ? get_kept(v, id, value) : FFI_NGX_NONE;
}

/* May the fields be changed still? Logs when not. */
static int check(const struct visit *v, int is_response)
{
    if (!v)
        return FFI_NGX_NO_REQUEST;
    if (is_response && ngx_visit_is_head_sent(v)) {
        log_write(&v->x->log, LOG_ERROR,
                  "attempt to set ngx.header.HEADER after sending out response headers");
        return FFI_NGX_SENT;
    }
    return FFI_NGX_OK;
}

static void clear_sent(struct visit *v, struct slice name)
{
    enum header_id id = header_id(name);

    if (id == HEADER_CONTENT_LENGTH)
        v->x->res.content_length = -1;
    if (id == HEADER_LAST_MODIFIED)
        v->x->res.last_modified = -1;
    header_remove(&v->x->res.headers, name);
}

int ffi_fields_clear(int is_response, const char *name, size_t n)
{
    struct visit *v = lua_current_visit();
    struct slice wanted = slice_of(name, n);
    int rc = check(v, is_response);

    if (rc != FFI_NGX_OK)
        return rc;
    if (!is_response) {
        request_fields_remove(v, wanted);
        return FFI_NGX_OK;
    }
    wanted = sent_name(v, wanted);
    clear_sent(v, wanted);
    if (header_id(wanted) == HEADER_CONTENT_TYPE)
        lua_visit_of(v)->is_type_cleared = true;
    return FFI_NGX_OK;
}

/* Fields that the exchange keeps beside the list. FFI_NGX_NONE: the field needs an entry there. */
static int keep(struct visit *v, enum header_id id, struct slice value)
{
    int64_t n;

    if (id == HEADER_CONTENT_LENGTH) {
        if (!num_parse_u63(slice_trim(value), &n))
            return FFI_NGX_INVALID;
        v->x->res.content_length = n;
        return FFI_NGX_OK;
    }
    if (id == HEADER_LAST_MODIFIED && date_parse(value, &n)) {
        v->x->res.last_modified = n;
        header_remove_id(&v->x->res.headers, id);
        return exchange_has_started(v->x) ? FFI_NGX_NONE : FFI_NGX_OK;
    }
    return FFI_NGX_NONE;
}

static int put_sent(struct visit *v, struct slice name, struct slice value, bool replaces)
{
    struct header_list *l = &v->x->res.headers;
    enum header_id id;
    int rc;

    name = sent_name(v, name);
    id = header_id(name);
    value = request_fields_escape(visit_pool(v), value, false);
    if (replaces)
        clear_sent(v, name);
    rc = keep(v, id, value);
    if (rc != FFI_NGX_NONE)
        return rc;
    name = id == HEADER_CONTENT_TYPE ? header_name(id)
                                     : request_fields_escape(visit_pool(v), name, true);
    if (request_fields_is_single(id))
        header_set(l, visit_pool(v), name, value);
    else
        header_add(l, visit_pool(v), name, value);
    return FFI_NGX_OK;
}

static int put_field(int is_response, struct slice name, struct slice value, bool replaces)
{
    struct visit *v = lua_current_visit();
    int rc = check(v, is_response);

    if (rc != FFI_NGX_OK || name.n == 0)
        return rc;
    if (is_response)
        return put_sent(v, name, value, replaces);
    return request_fields_put(v, name, value, replaces) ? FFI_NGX_OK : FFI_NGX_INVALID;
}

int ffi_fields_set(int is_response, const char *name, size_t n, const char *value, size_t value_n)
{
    return put_field(is_response, slice_of(name, n), slice_of(value, value_n), true);
}

int ffi_fields_add(int is_response, const char *name, size_t n, const char *value, size_t value_n)
{
    return put_field(is_response, slice_of(name, n), slice_of(value, value_n), false);
}
