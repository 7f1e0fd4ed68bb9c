/* Host and Content-Length are what requests keep beside their fields. */
#include "app/request_fields.h"

#include <string.h>

#include "base/encode.h"
#include "base/num.h"
#include "proto/url.h"

static bool is_safe(unsigned char c, bool is_name)
{
    if (is_name)
        return c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
    return (c >= 0x20 || c == '\t') && c != 0x7f;
}

struct slice request_fields_escape(struct pool *pool, struct slice s, bool is_name)
{
    size_t bad = 0, n = 0;
    char *p;

    for (size_t i = 0; i < s.n; i++)
        bad += !is_safe((unsigned char)s.p[i], is_name);
    if (bad == 0)
        return pool_dup(pool, s);
    p = pool_alloc(pool, s.n + 2 * bad + 1);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (is_safe(c, is_name)) {
            p[n++] = s.p[i];
            continue;
        }
        p[n] = '%';
        encode_hex_capitals(p + n + 1, c);
        n += 3;
    }
    p[n] = '\0';
    return slice_of(p, n);
}

static bool keep(struct visit *v, enum header_id id, struct slice value)
{
    struct request *req = &v->x->req;
    struct slice name;
    int64_t n;
    int port;

    if (id == HEADER_CONTENT_LENGTH && !num_parse_u63(slice_trim(value), &n))
        return false;
    if (id == HEADER_CONTENT_LENGTH)
        req->content_length = n;
    if (id == HEADER_HOST && url_parse_host(value, &name, &port)) {
        req->host = pool_lower(visit_pool(v), name);
        req->host_port = port;
    }
    return true;
}

bool request_fields_is_doubtful(const struct visit *v, const struct header *h)
{
    return h->id == HEADER_OTHER && !(h->marks & HEADER_OWN) && !v->loc->passes_underscores &&
           slice_find(h->name, '_') >= 0;
}

bool request_fields_is_single(enum header_id id)
{
    return id == HEADER_CONTENT_TYPE || id == HEADER_LOCATION || id == HEADER_ETAG ||
           id == HEADER_EXPIRES || id == HEADER_LAST_MODIFIED || id == HEADER_CONTENT_LENGTH ||
           id == HEADER_SERVER || id == HEADER_DATE || id == HEADER_HOST ||
           id == HEADER_USER_AGENT || id == HEADER_REFERER || id == HEADER_CONTENT_RANGE ||
           id == HEADER_REFRESH;
}

static void mark_own(struct header_list *l, struct slice name)
{
    for (unsigned i = l->n; i--;)
        if (slice_ieq(l->fields[i].name, name))
            l->fields[i].marks |= HEADER_OWN;
}

void request_fields_remove(struct visit *v, struct slice name)
{
    enum header_id id = header_id(name);

    if (id == HEADER_CONTENT_LENGTH)
        v->x->req.content_length = -1;
    if (id == HEADER_HOST)
        v->x->req.host = SLICE_EMPTY;
    header_remove(&v->x->req.headers, name);
}

bool request_fields_put(struct visit *v, struct slice name, struct slice value, bool replaces)
{
    struct header_list *l = &v->x->req.headers;
    enum header_id id = header_id(name);

    value = request_fields_escape(visit_pool(v), value, false);
    if (replaces)
        request_fields_remove(v, name);
    if (!keep(v, id, value))
        return false;
    name = request_fields_escape(visit_pool(v), name, true);
    if (request_fields_is_single(id))
        header_set(l, visit_pool(v), name, value);
    else
        header_add(l, visit_pool(v), name, value);
    mark_own(l, name);
    return true;
}
