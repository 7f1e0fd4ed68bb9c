/* The declarations that go with it are those of lua/resty/core/request.lua. Who `request` is does
 * not matter: the running code has one request. */
#include "app/lua/ffi_nginx_fields.h"

#include "app/lua/lua_step.h"
#include "app/visit.h"

enum { NO_REQUEST = -100, USUAL_MOST = 100 };

int ngx_http_lua_ffi_req_get_headers_count(void *request, int most, int *is_cut)
{
    struct visit *v = lua_current_visit();
    int n;

    (void)request;
    if (!v)
        return NO_REQUEST;
    n = (int)v->x->req.headers.n;
    if (most < 0)
        most = USUAL_MOST;
    *is_cut = most > 0 && n > most;
    return *is_cut ? most : n;
}

static struct ffi_nginx_bytes bytes(struct slice s)
{
    return (struct ffi_nginx_bytes){(int)s.n, (const unsigned char *)s.p};
}

int ngx_http_lua_ffi_req_get_headers(void *request, struct ffi_nginx_field *out, int n, int is_raw)
{
    struct visit *v = lua_current_visit();
    const struct header_list *l;

    (void)request;
    if (!v)
        return NO_REQUEST;
    l = &v->x->req.headers;
    for (unsigned i = 0; i < l->n && (int)i < n; i++) {
        const struct header *h = &l->fields[i];

        out[i].name = bytes(is_raw ? h->name : pool_lower(visit_pool(v), h->name));
        out[i].value = bytes(h->value);
    }
    return 0;
}
