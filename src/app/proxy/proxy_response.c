/* What of a server's answer is passed on, by nginx's rules: everything but what belongs to the
 * connection, what we say ourselves (Date, Server), what is meant for us (X-Accel-…), and what
 * proxy_hide_header names; Location, Refresh and cookies are rewritten. */
#include "app/proxy/proxy.h"

#include "app/proxy/proxy_rewrite.h"
#include "proto/date.h"

static bool is_of_connection(enum header_id id)
{
    return id == HEADER_CONNECTION || id == HEADER_KEEP_ALIVE || id == HEADER_TRANSFER_ENCODING ||
           id == HEADER_TRAILER || id == HEADER_UPGRADE || id == HEADER_PROXY_CONNECTION ||
           id == HEADER_CONTENT_LENGTH;
}

static bool is_listed(const struct proxy_field *list, struct slice name)
{
    for (; list; list = list->next)
        if (slice_ieq(list->name, name))
            return true;
    return false;
}

static bool is_hidden(const struct proxy *p, const struct header *h)
{
    bool is_own = h->id == HEADER_DATE || h->id == HEADER_SERVER ||
                  slice_ieq(h->name, SLICE("X-Pad")) ||
                  (h->name.n > 8 && strncasecmp(h->name.p, "X-Accel-", 8) == 0);

    if (is_of_connection(h->id))
        return true;
    if (is_own && !is_listed(p->conf->pass, h->name))
        return true;
    return is_listed(p->conf->hide, h->name);
}

/* --- the head --- */

/* Fields that the server says belong to its connection (RFC 9110 section 7.6.1). */
static bool is_named_by_connection(const struct client_response *up, struct slice name)
{
    const struct header *h = header_find_id(&up->headers, HEADER_CONNECTION);

    return h && header_has_token(h->value, name);
}

bool proxy_response_is_of_connection(const struct client_response *up, const struct header *h)
{
    return is_of_connection(h->id) || is_named_by_connection(up, h->name);
}

/* Fields that earlier phases have set stay, but for those of which an answer has one only, when the
 * server gives it. */
static void drop_answered(struct header_list *own, const struct header_list *up)
{
    static const uint8_t single[] = {
        HEADER_CONTENT_TYPE, HEADER_CONTENT_ENCODING, HEADER_CONTENT_RANGE,
        HEADER_ETAG,         HEADER_LAST_MODIFIED,    HEADER_ACCEPT_RANGES,
        HEADER_LOCATION,     HEADER_REFRESH,          HEADER_EXPIRES,
        HEADER_DATE,         HEADER_SERVER,
    };

    if (LIKELY(own->n == 0))
        return;
    header_remove_id(own, HEADER_CONTENT_LENGTH);
    for (size_t i = 0; i < ARRAY_LEN(single); i++)
        if (header_find_id(up, single[i]))
            header_remove_id(own, single[i]);
}

void proxy_response_take(struct proxy *p, const struct client_response *up)
{
    struct exchange *x = p->v->x;
    struct response *out = &x->res;

    drop_answered(&out->headers, &up->headers);
    for (unsigned i = 0; i < up->headers.n; i++) {
        const struct header *h = &up->headers.fields[i];
        int64_t seconds;

        if (h->id == HEADER_LAST_MODIFIED && date_parse(h->value, &seconds))
            out->last_modified = seconds;
        if (!is_hidden(p, h) && !is_named_by_connection(up, h->name))
            header_add(&out->headers, &x->pool, h->name, proxy_rewrite_value(p, h));
    }
    out->status = up->status;
    out->reason = up->phrase;
    out->content_length = up->content_length;
}

static struct slice field_of(const struct proxy *p, struct slice name)
{
    const struct header *h = header_find(&p->up->res.headers, name);

    return h ? h->value : slice_of(NULL, 0);
}

bool proxy_response_is_flushed(const struct proxy *p)
{
    struct slice buffering = field_of(p, SLICE("X-Accel-Buffering"));

    if (!buffering.p || (p->conf->ignore & PROXY_IGNORE_BUFFERING))
        return p->is_flushing;
    return slice_ieq(buffering, SLICE("no"));
}

bool proxy_response_elsewhere(const struct proxy *p, struct slice *to, struct slice *query)
{
    struct slice target = field_of(p, SLICE("X-Accel-Redirect"));

    if (!target.n || (p->conf->ignore & PROXY_IGNORE_REDIRECT))
        return false;
    *to = *query = pool_dup(visit_pool(p->v), target);
    if (target.p[0] == '@')
        *query = slice_of(NULL, 0);
    else
        *to = slice_cut(query, '?');
    return true;
}

bool proxy_response_is_replaced(const struct proxy *p)
{
    int status = p->up->res.status;

    if (status < 300 || !(p->conf->flags & PROXY_INTERCEPT_ERRORS))
        return false;
    for (const struct error_page *e = p->v->loc->error_pages; e; e = e->next)
        if (e->status == status)
            return true;
    return false;
}

void proxy_response_take_trailers(struct proxy *p)
{
    const struct header_list *trailers = &p->up->res.trailers;
    struct exchange *x = p->v->x;

    for (unsigned i = 0; i < trailers->n; i++)
        header_add(&x->res.trailers, &x->pool, pool_dup(&x->pool, trailers->fields[i].name),
                   pool_dup(&x->pool, trailers->fields[i].value));
}
