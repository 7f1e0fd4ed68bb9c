/* Fields of the client become HTTP_…, unless fastcgi_param (uwsgi_param, scgi_param) gives that
 * parameter itself. A field Proxy is left out: programs would take HTTP_PROXY for a setting of
 * their own. */
#include "app/proxy/proxy_params.h"

#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_fields.h"
#include "app/variables/script.h"
#include "base/log.h"
#include "proto/fastcgi.h"
#include "proto/gateway_params.h"

#define PREFIX "HTTP_"

static const struct slice LENGTH = SLICE("CONTENT_LENGTH"), VERSION = SLICE("SCGI");

static void add_param(const struct proxy *p, struct buf *out, struct slice name, struct slice value)
{
    static void (*const adders[PROXY_KINDS])(struct buf *, struct slice, struct slice) = {
        [PROXY_FASTCGI] = fastcgi_add_param,
        [PROXY_UWSGI] = uwsgi_add_param,
        [PROXY_SCGI] = scgi_add_param,
    };

    adders[p->conf->kind](out, name, value);
}

/* "HTTP_USER_AGENT" */
static struct slice name_of(struct pool *pool, struct slice field)
{
    size_t n = sizeof(PREFIX) - 1;
    char *p = pool_alloc(pool, n + field.n);

    memcpy(p, PREFIX, n);
    for (size_t i = 0; i < field.n; i++, n++) {
        char c = field.p[i];

        p[n] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    return slice_of(p, n);
}

static bool is_set(const struct proxy *p, struct slice name)
{
    for (const struct proxy_field *f = p->conf->set; f; f = f->next)
        if (slice_eq(f->name, name))
            return true;
    return false;
}

static void add_set(struct proxy *p, struct buf *out)
{
    struct slice method = SLICE("REQUEST_METHOD");

    for (const struct proxy_field *f = p->conf->set; f; f = f->next) {
        struct slice value = script_eval(f->value, p->v);

        if (p->conf->kind == PROXY_SCGI && slice_eq(f->name, LENGTH))
            continue; /* it is there */
        if (p->cache && slice_eq(f->name, method))
            value = p->up->req.method_token;
        if (value.n || !f->needs_value)
            add_param(p, out, f->name, value);
    }
}

/* --- the client's fields --- */

static bool is_left_out(const struct proxy *p, const struct header *h, bool has_connection)
{
    return slice_ieq(h->name, SLICE("Proxy")) ||
           proxy_fields_drops(p->v, h, has_connection && h->id != HEADER_UPGRADE) ||
           (p->cache && proxy_cache_asks_itself(h->id));
}

static bool is_first(const struct header_list *l, unsigned at)
{
    for (unsigned i = 0; i < at; i++)
        if (slice_ieq(l->fields[i].name, l->fields[at].name))
            return false;
    return true;
}

/* Values of a field that repeats are joined. */
static struct slice join(const struct header_list *l, unsigned at, struct buf *room)
{
    const struct header *first = &l->fields[at];

    room->n = 0;
    buf_add_slice(room, first->value);
    for (unsigned i = at + 1; i < l->n; i++) {
        if (!slice_ieq(l->fields[i].name, first->name))
            continue;
        buf_add_slice(room, first->id == HEADER_COOKIE ? SLICE("; ") : SLICE(", "));
        buf_add_slice(room, l->fields[i].value);
    }
    return buf_slice(room);
}

static void add_fields(struct proxy *p, const struct header_list *l, bool is_clients,
                       struct buf *out)
{
    bool has_connection = is_clients && header_find_id(l, HEADER_CONNECTION) != NULL;
    struct buf room = BUF_EMPTY;

    for (unsigned i = 0; i < l->n; i++) {
        const struct header *h = &l->fields[i];
        struct slice name;

        if ((is_clients && is_left_out(p, h, has_connection)) || !is_first(l, i))
            continue;
        name = name_of(&p->up->pool, h->name);
        if (!is_set(p, name))
            add_param(p, out, name, join(l, i, &room));
    }
    buf_free(&room);
}

/* What a request of SCGI begins with. */
static void add_first(struct proxy *p, struct buf *out)
{
    const struct client_request *r = &p->up->req;
    int64_t n = r->source == CLIENT_BYTES     ? (int64_t)r->bytes.n
                : r->source == CLIENT_NO_BODY ? 0
                                              : r->length;

    if (p->conf->kind != PROXY_SCGI)
        return;
    scgi_add_param(out, LENGTH, pool_printf(&p->up->pool, "%lld", (long long)n));
    if (!is_set(p, VERSION))
        scgi_add_param(out, VERSION, SLICE("1"));
}

static bool wrap(const struct proxy *p, struct buf *params)
{
    if (p->conf->kind == PROXY_SCGI)
        scgi_wrap(params);
    if (p->conf->kind != PROXY_UWSGI || uwsgi_wrap(params, p->conf->modifier1, p->conf->modifier2))
        return true;
    log_write(&p->v->x->log, LOG_ERROR, "uwsgi request is too large: %zu bytes of parameters",
              params->n);
    return false;
}

bool proxy_params_make(struct proxy *p, struct slice *made)
{
    struct buf out = BUF_EMPTY;
    bool fits;

    add_first(p, &out);
    add_set(p, &out);
    if (p->conf->flags & PROXY_PASS_HEADERS)
        add_fields(p, &p->v->x->req.headers, true, &out);
    add_fields(p, &p->up->req.headers, false, &out);
    fits = wrap(p, &out);
    *made = pool_dup(&p->up->pool, buf_slice(&out));
    buf_free(&out);
    return fits;
}
