/* Fields of the client become HTTP_…, unless fastcgi_param gives that parameter itself. A field
 * Proxy is left out: programs would take HTTP_PROXY for a setting of their own. */
#include "app/proxy/proxy_params.h"

#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_fields.h"
#include "app/script.h"
#include "proto/fastcgi.h"

#define PREFIX "HTTP_"

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

        if (p->cache && slice_eq(f->name, method))
            value = p->up->req.method_token;
        if (value.n || !f->needs_value)
            fastcgi_add_param(out, f->name, value);
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
            fastcgi_add_param(out, name, join(l, i, &room));
    }
    buf_free(&room);
}

struct slice proxy_params_make(struct proxy *p)
{
    struct buf out = BUF_EMPTY;
    struct slice made;

    add_set(p, &out);
    if (p->conf->flags & PROXY_PASS_HEADERS)
        add_fields(p, &p->v->x->req.headers, true, &out);
    add_fields(p, &p->up->req.headers, false, &out);
    made = pool_dup(&p->up->pool, buf_slice(&out));
    buf_free(&out);
    return made;
}
