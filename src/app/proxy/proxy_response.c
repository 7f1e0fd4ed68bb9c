/* What of a server's answer is passed on, by nginx's rules: everything but what belongs to the
 * connection, what we say ourselves (Date, Server), what is meant for us (X-Accel-…), and what
 * proxy_hide_header names; Location, Refresh and cookies are rewritten. */
#include "app/proxy/proxy.h"

#include "app/files/static_redirect.h"
#include "app/proxy/proxy_rewrite.h"
#include "base/num.h"
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

/* What we say ourselves, and what is meant for us. */
static bool is_own(const struct header *h)
{
    static const struct slice names[] = {
        SLICE("X-Pad"),
        SLICE("X-Accel-Expires"),
        SLICE("X-Accel-Redirect"),
        SLICE("X-Accel-Limit-Rate"),
        SLICE("X-Accel-Buffering"),
        SLICE("X-Accel-Charset"),
    };

    if (h->id == HEADER_DATE || h->id == HEADER_SERVER)
        return true;
    if (h->name.n < 2 || (h->name.p[0] | 32) != 'x' || h->name.p[1] != '-')
        return false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_ieq(h->name, names[i]))
            return true;
    return false;
}

static bool is_hidden(const struct proxy *p, const struct header *h)
{
    if (is_of_connection(h->id))
        return true;
    if (is_own(h) && !is_listed(p->conf->pass, h->name))
        return true;
    return is_listed(p->conf->hide, h->name);
}

/* --- the head --- */

bool proxy_response_is_of_connection(const struct client_response *up, const struct header *h)
{
    return is_of_connection(h->id) || header_is_of_connection(&up->headers, h->name);
}

/* The protocol that the client is to change to concerns the client, whoever says it (RFC 9110
 * section 15.5.22). HTTP/2 leaves the field out. */
static bool is_required_upgrade(const struct client_response *up, const struct header *h)
{
    return up->status == 426 && h->id == HEADER_UPGRADE;
}

static bool is_passed_on(const struct proxy *p, const struct client_response *up,
                         const struct header *h)
{
    if (is_required_upgrade(up, h))
        return !is_listed(p->conf->hide, h->name);
    return !is_hidden(p, h) && !header_is_of_connection(&up->headers, h->name);
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

/* Within an error page the status is the error's, unless error_page said otherwise. */
static void take_status(struct visit *v, const struct client_response *up)
{
    struct response *out = &v->x->res;

    if (v->error_status && out->status)
        return;
    out->status = up->status;
    out->reason = up->phrase;
}

/* X-Accel-Limit-Rate: bytes a second, or "off". */
static void take_rate(struct proxy *p, const struct header *h)
{
    int64_t rate = 0;

    if (!slice_ieq(h->name, SLICE("X-Accel-Limit-Rate")) ||
        (p->conf->ignore & PROXY_IGNORE_LIMIT_RATE))
        return;
    if (num_parse_u63(h->value, &rate) || slice_ieq(h->value, SLICE("off")))
        p->v->x->send_rate = rate;
}

/* A Location that is rewritten is a redirect of ours, which absolute_redirect completes. */
static void add_rewritten(struct proxy *p, const struct header *h)
{
    struct visit *v = p->v;
    struct header_list *l = &v->x->res.headers;
    struct slice value = proxy_rewrite_value(p, h);

    header_add(l, visit_pool(v), h->name, value);
    if (h->id == HEADER_LOCATION && value.p != h->value.p)
        static_redirect_complete(v, &l->fields[l->n - 1]);
}

void proxy_response_take(struct proxy *p, const struct client_response *up)
{
    struct exchange *x = p->v->x;
    struct response *out = &x->res;

    drop_answered(&out->headers, &up->headers);
    for (unsigned i = 0; i < up->headers.n; i++) {
        const struct header *h = &up->headers.fields[i];
        int64_t seconds;

        take_rate(p, h);
        if (!is_passed_on(p, up, h))
            continue;
        if (h->id == HEADER_LAST_MODIFIED && date_parse(h->value, &seconds))
            out->last_modified = seconds;
        add_rewritten(p, h);
    }
    take_status(p->v, up);
    out->content_length = up->content_length;
}

/* Adds the fields that `is_wanted` picks. */
static void take_some(struct proxy *p, bool (*is_wanted)(enum header_id id))
{
    const struct header_list *up = &p->up->res.headers;
    struct header_list *own = &p->v->x->res.headers;

    for (unsigned i = 0; i < up->n; i++) {
        const struct header *h = &up->fields[i];

        take_rate(p, h);
        if (!is_wanted(h->id) || is_hidden(p, h))
            continue;
        if (h->id == HEADER_CONTENT_TYPE)
            header_remove_id(own, h->id);
        header_add(own, visit_pool(p->v), pool_dup(visit_pool(p->v), h->name),
                   pool_dup(visit_pool(p->v), proxy_rewrite_value(p, h)));
    }
}

static bool is_of_redirected(enum header_id id)
{
    return id == HEADER_CONTENT_TYPE || id == HEADER_CONTENT_DISPOSITION ||
           id == HEADER_SET_COOKIE || id == HEADER_CACHE_CONTROL || id == HEADER_EXPIRES;
}

void proxy_response_take_for_elsewhere(struct proxy *p)
{
    take_some(p, is_of_redirected);
}

static bool is_challenge(enum header_id id)
{
    return id == HEADER_WWW_AUTHENTICATE;
}

void proxy_response_take_for_page(struct proxy *p)
{
    if (p->up->res.status == 401)
        take_some(p, is_challenge);
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
        return !(p->conf->flags & PROXY_BUFFERING);
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
