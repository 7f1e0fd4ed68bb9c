/* What of a server's answer is passed on, by nginx's rules: everything but what belongs to the
 * connection, what we say ourselves (Date, Server), what is meant for us (X-Accel-…), and what
 * proxy_hide_header names; Location, Refresh and cookies are rewritten. */
#include "app/proxy/proxy.h"

#include "app/script.h"
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

/* --- Location and Refresh --- */

/* `from` at the start of `text` replaced by `to`; p == NULL: it is not there. */
static struct slice replaced(struct visit *v, struct slice text, struct slice from, struct slice to)
{
    if (!slice_has_prefix(text, from))
        return slice_of(NULL, 0);
    return pool_printf(visit_pool(v), SLICE_FMT SLICE_FMT, SLICE_ARG(to),
                       SLICE_ARG(slice_from(text, from.n)));
}

/* The default: what proxy_pass names becomes what the location names. Without a URI in proxy_pass
 * that is "http://host/" and "/". */
static struct slice by_default(const struct proxy *p, struct slice text)
{
    const struct location *l = p->v->loc;
    struct slice url = p->pass.url;

    if (p->pass.target)
        return slice_of(NULL, 0);
    if (!p->pass.uri.p)
        return replaced(p->v, text, pool_printf(visit_pool(p->v), SLICE_FMT "/", SLICE_ARG(url)),
                        SLICE("/"));
    return replaced(p->v, text, url, l->name);
}

static struct slice redirected(const struct proxy *p, struct slice text)
{
    struct slice made;

    if (!p->conf->redirects && !p->conf->has_no_redirect) {
        made = by_default(p, text);
        return made.p ? made : text;
    }
    for (const struct proxy_rewrite *r = p->conf->redirects; r; r = r->next) {
        made = r->from ? replaced(p->v, text, script_eval(r->from, p->v), script_eval(r->to, p->v))
                       : by_default(p, text);
        if (made.p)
            return made;
    }
    return text;
}

/* "5; url=http://…" */
static struct slice refreshed(const struct proxy *p, struct slice text)
{
    struct slice rest = text, url;
    ssize_t at = slice_find(text, '=');

    if (at < 0)
        return redirected(p, text);
    url = redirected(p, slice_from(text, (size_t)at + 1));
    rest.n = (size_t)at + 1;
    return pool_printf(visit_pool(p->v), SLICE_FMT SLICE_FMT, SLICE_ARG(rest), SLICE_ARG(url));
}

/* --- cookies --- */

/* The value of the attribute `name` of a cookie; p == NULL: it has none. */
static struct slice attribute_of(struct slice cookie, struct slice name)
{
    struct slice rest = cookie, part;

    (void)slice_cut(&rest, ';');
    while (rest.p) {
        struct slice value;

        part = slice_trim(slice_cut(&rest, ';'));
        value = part;
        if (slice_ieq(slice_trim(slice_cut(&value, '=')), name) && value.p)
            return slice_trim(value);
    }
    return slice_of(NULL, 0);
}

static struct slice with_value(struct visit *v, struct slice cookie, struct slice old,
                               struct slice new)
{
    struct slice before = slice_of(cookie.p, (size_t)(old.p - cookie.p));
    struct slice after = slice_from(cookie, before.n + old.n);

    return pool_printf(visit_pool(v), SLICE_FMT SLICE_FMT SLICE_FMT, SLICE_ARG(before),
                       SLICE_ARG(new), SLICE_ARG(after));
}

static struct slice without_dot(struct slice domain)
{
    return domain.n && domain.p[0] == '.' ? slice_from(domain, 1) : domain;
}

static struct slice new_domain(const struct proxy *p, struct slice domain)
{
    for (const struct proxy_rewrite *r = p->conf->cookie_domains; r; r = r->next)
        if (slice_ieq(without_dot(domain), without_dot(script_eval(r->from, p->v))))
            return script_eval(r->to, p->v);
    return slice_of(NULL, 0);
}

static struct slice new_path(const struct proxy *p, struct slice path)
{
    for (const struct proxy_rewrite *r = p->conf->cookie_paths; r; r = r->next) {
        struct slice made =
            replaced(p->v, path, script_eval(r->from, p->v), script_eval(r->to, p->v));

        if (made.p)
            return made;
    }
    return slice_of(NULL, 0);
}

static struct slice cookie_for_client(const struct proxy *p, struct slice cookie)
{
    struct slice old, new;

    if (p->conf->cookie_domains && (old = attribute_of(cookie, SLICE("Domain"))).p) {
        new = new_domain(p, old);
        cookie = new.p ? with_value(p->v, cookie, old, new) : cookie;
    }
    if (p->conf->cookie_paths && (old = attribute_of(cookie, SLICE("Path"))).p) {
        new = new_path(p, old);
        cookie = new.p ? with_value(p->v, cookie, old, new) : cookie;
    }
    return cookie;
}

/* --- the head --- */

static struct slice value_for_client(const struct proxy *p, const struct header *h)
{
    switch (h->id) {
    case HEADER_LOCATION:
        return redirected(p, h->value);
    case HEADER_REFRESH:
        return refreshed(p, h->value);
    case HEADER_SET_COOKIE:
        return cookie_for_client(p, h->value);
    default:
        return h->value;
    }
}

/* Fields that the server says belong to its connection (RFC 9110 section 7.6.1). */
static bool is_named_by_connection(const struct client_response *up, struct slice name)
{
    const struct header *h = header_find_id(&up->headers, HEADER_CONNECTION);

    return h && header_has_token(h->value, name);
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

void proxy_response_take(struct proxy *p)
{
    const struct client_response *up = &p->up->res;
    struct exchange *x = p->v->x;
    struct response *out = &x->res;

    drop_answered(&out->headers, &up->headers);
    for (unsigned i = 0; i < up->headers.n; i++) {
        const struct header *h = &up->headers.fields[i];
        int64_t seconds;

        if (h->id == HEADER_LAST_MODIFIED && date_parse(h->value, &seconds))
            out->last_modified = seconds;
        if (!is_hidden(p, h) && !is_named_by_connection(up, h->name))
            header_add(&out->headers, &x->pool, h->name, value_for_client(p, h));
    }
    out->status = up->status;
    out->reason = up->phrase;
    out->content_length = up->content_length;
}
