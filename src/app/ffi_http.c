/* Read-only accessors: everything borrows from the exchange's pool. */
#include "app/ffi_http.h"

#include <math.h>

#include "app/lua_handle.h"
#include "app/script.h"
#include "app/visit.h"
#include "net/addr.h"
#include "proto/url.h"

static struct slice variable_text(struct visit *v, struct slice name)
{
    const struct variable *var = variable_find_at_run(v, name);

    return var ? var->get(v, var) : (struct slice){NULL, 0};
}

static struct slice raw_path(const struct request *r)
{
    struct slice rest = r->uri;

    return slice_cut(&rest, '?');
}

static struct slice text_of(struct visit *v, enum ffi_http_what what)
{
    const struct request *r = &v->x->req;

    switch (what) {
    case FFI_HTTP_METHOD:
        return r->method_token;
    case FFI_HTTP_URI:
        return raw_path(r);
    case FFI_HTTP_PATH:
        return r->path;
    case FFI_HTTP_QUERY_STRING:
        return r->query;
    case FFI_HTTP_TARGET:
        return r->target;
    case FFI_HTTP_HOST:
        return r->host;
    case FFI_HTTP_PROTOCOL:
        return variable_text(v, SLICE("server_protocol"));
    case FFI_HTTP_SCHEME:
        return r->is_tls ? SLICE("https") : SLICE("http");
    case FFI_HTTP_REMOTE_ADDR:
        return variable_text(v, SLICE("remote_addr"));
    case FFI_HTTP_SERVER_NAME:
        return variable_text(v, SLICE("server_name"));
    case FFI_HTTP_ID:
        return variable_text(v, SLICE("request_id"));
    }
    return (struct slice){NULL, 0};
}

int ffi_http_text(double handle, int what, struct ffi_text *out)
{
    struct visit *v = lua_handle_get(handle);
    struct slice s;

    if (!v)
        return -1;
    s = text_of(v, (enum ffi_http_what)what);
    out->p = s.p;
    out->n = s.n;
    return s.p != NULL;
}

double ffi_http_number(double handle, int what)
{
    struct visit *v = lua_handle_get(handle);
    const struct addr *local;

    if (!v)
        return NAN;
    switch ((enum ffi_http_number)what) {
    case FFI_HTTP_SERVER_PORT:
        local = exchange_local(v->x);
        return local ? addr_port(local) : 0;
    case FFI_HTTP_REMOTE_PORT:
        return v->x->peer ? addr_port(v->x->peer) : 0;
    case FFI_HTTP_CONTENT_LENGTH:
        return (double)v->x->req.content_length;
    case FFI_HTTP_KEEP_ALIVE:
        return v->x->keep_alive;
    case FFI_HTTP_HAS_BODY:
        return v->x->req.is_chunked || v->x->req.content_length > 0;
    case FFI_HTTP_TIME:
        return (double)v->x->start_wall_ms / 1000;
    }
    return NAN;
}

int ffi_http_header(double handle, const char *name, size_t n, struct ffi_text *out)
{
    struct visit *v = lua_handle_get(handle);
    struct slice wanted = slice_of(name, n);
    enum header_id id = header_id(wanted);
    int count = 0;

    if (!v)
        return -1;
    for (unsigned i = 0; i < v->x->req.headers.n; i++) {
        const struct header *h = &v->x->req.headers.fields[i];

        if (h->id != id || (id == HEADER_OTHER && !slice_ieq(h->name, wanted)))
            continue;
        if (count++ == 0)
            *out = (struct ffi_text){h->value.p, h->value.n};
    }
    return count;
}

int ffi_http_header_at(double handle, int i, struct ffi_text *name, struct ffi_text *value)
{
    struct visit *v = lua_handle_get(handle);
    const struct header *h;

    if (!v)
        return -1;
    if (i < 0 || (unsigned)i >= v->x->req.headers.n)
        return 0;
    h = &v->x->req.headers.fields[i];
    *name = (struct ffi_text){h->name.p, h->name.n};
    *value = (struct ffi_text){h->value.p, h->value.n};
    return 1;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes into `room`; a '%' without two digits stays. Returns the bytes written. */
static size_t decode(struct slice in, char *room)
{
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        int hi = in.p[i] == '%' && i + 2 < in.n ? hex_digit(in.p[i + 1]) : -1;
        int lo = hi >= 0 ? hex_digit(in.p[i + 2]) : -1;

        if (lo >= 0) {
            room[n++] = (char)(hi << 4 | lo);
            i += 2;
        } else {
            room[n++] = in.p[i] == '+' ? ' ' : in.p[i];
        }
    }
    return n;
}

int ffi_http_next_arg(const char *text, size_t n, size_t *at, char *room, struct ffi_text *name,
                      struct ffi_text *value)
{
    struct slice rest = slice_of(text + *at, n - *at), raw_name, raw_value;
    bool has_value;

    if (*at >= n || !url_next_arg(&rest, &raw_name, &raw_value, &has_value)) {
        *at = n;
        return 0;
    }
    *at = rest.p ? (size_t)(rest.p - text) : n;
    name->p = room;
    name->n = decode(raw_name, room);
    value->p = room + name->n;
    value->n = has_value ? decode(raw_value, room + name->n) : 0;
    return has_value ? 1 : 2;
}
