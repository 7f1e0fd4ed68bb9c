/* proxy_redirect, proxy_cookie_domain, proxy_cookie_path, proxy_cookie_flags. Of the rules of a
 * kind the first that holds counts. */
#include "app/proxy/proxy_rewrite.h"

#include "app/variables/captures.h"
#include "app/variables/script.h"

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

/* By a rule; p == NULL: it does not hold. An expression replaces the whole. */
static struct slice by_rule(const struct proxy *p, const struct proxy_rewrite *r, struct slice text)
{
    if (!r->pattern)
        return replaced(p->v, text, script_eval(r->from, p->v), script_eval(r->to, p->v));
    return captures_match(p->v, r->pattern, r->names, text) == CAPTURES_SET
               ? script_eval(r->to, p->v)
               : slice_of(NULL, 0);
}

static struct slice redirected(const struct proxy *p, struct slice text)
{
    struct slice made;

    if (!p->conf->redirects && !p->conf->has_no_redirect) {
        made = by_default(p, text);
        return made.p ? made : text;
    }
    for (const struct proxy_rewrite *r = p->conf->redirects; r; r = r->next) {
        made = r->from || r->pattern ? by_rule(p, r, text) : by_default(p, text);
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

static struct slice without_dot(struct slice domain)
{
    return domain.n && domain.p[0] == '.' ? slice_from(domain, 1) : domain;
}

static struct slice new_domain(const struct proxy *p, struct slice domain)
{
    for (const struct proxy_rewrite *r = p->conf->cookie_domains; r; r = r->next) {
        struct slice made = r->pattern ? by_rule(p, r, domain) : slice_of(NULL, 0);

        if (made.p)
            return made;
        if (!r->pattern && slice_ieq(without_dot(domain), without_dot(script_eval(r->from, p->v))))
            return script_eval(r->to, p->v);
    }
    return slice_of(NULL, 0);
}

static struct slice new_path(const struct proxy *p, struct slice path)
{
    for (const struct proxy_rewrite *r = p->conf->cookie_paths; r; r = r->next) {
        struct slice made = by_rule(p, r, path);

        if (made.p)
            return made;
    }
    return slice_of(NULL, 0);
}

/* --- flags of cookies --- */

static bool is_meant(const struct proxy *p, const struct proxy_cookie_flags *f, struct slice name)
{
    if (f->pattern)
        return captures_match(p->v, f->pattern, f->names, name) == CAPTURES_SET;
    return slice_ieq(script_eval(f->name, p->v), name);
}

static bool is_changed(const struct proxy_cookie_flags *f, struct slice attribute)
{
    struct slice name = slice_trim(slice_cut(&attribute, '='));

    return (f->secure && slice_ieq(name, SLICE("Secure"))) ||
           (f->http_only && slice_ieq(name, SLICE("HttpOnly"))) ||
           (f->same_site && slice_ieq(name, SLICE("SameSite")));
}

static struct slice with_flags(struct visit *v, const struct proxy_cookie_flags *f,
                               struct slice cookie)
{
    struct slice rest = cookie, made;
    struct buf b = BUF_EMPTY;

    buf_add_slice(&b, slice_cut(&rest, ';'));
    while (rest.p) {
        struct slice attribute = slice_cut(&rest, ';');

        if (!is_changed(f, attribute))
            buf_printf(&b, ";" SLICE_FMT, SLICE_ARG(attribute));
    }
    if (f->secure == PROXY_FLAG_SET)
        buf_add_lit(&b, "; Secure");
    if (f->http_only == PROXY_FLAG_SET)
        buf_add_lit(&b, "; HttpOnly");
    if (f->same_site == PROXY_FLAG_SET)
        buf_printf(&b, "; SameSite=%s", f->site);
    made = pool_dup(visit_pool(v), buf_slice(&b));
    buf_free(&b);
    return made;
}

/* The first rule that names it. */
static struct slice flagged(const struct proxy *p, struct slice cookie)
{
    struct slice rest = cookie, name = slice_trim(slice_cut(&rest, '='));

    for (const struct proxy_cookie_flags *f = p->conf->cookie_flags; f; f = f->next)
        if (is_meant(p, f, name))
            return with_flags(p->v, f, cookie);
    return cookie;
}

static struct slice new_value(const struct proxy *p, struct slice name, struct slice old)
{
    if (slice_ieq(name, SLICE("Domain")))
        return new_domain(p, old);
    return slice_ieq(name, SLICE("Path")) ? new_path(p, old) : slice_of(NULL, 0);
}

static void add_rewritten(const struct proxy *p, struct slice attribute, struct buf *out)
{
    struct slice value = attribute, name = slice_trim(slice_cut(&value, '=')), old, new;

    if (value.p) {
        old = slice_trim(value);
        new = new_value(p, name, old);
        if (new.p) {
            buf_add(out, attribute.p, (size_t)(old.p - attribute.p));
            attribute = new;
        }
    }
    buf_add_slice(out, attribute);
}

/* An attribute that is there twice is rewritten twice: clients heed the last. */
static struct slice rewritten(const struct proxy *p, struct slice cookie)
{
    struct slice rest = cookie, made;
    struct buf b = BUF_EMPTY;

    buf_add_slice(&b, slice_cut(&rest, ';'));
    while (rest.p) {
        buf_add_char(&b, ';');
        add_rewritten(p, slice_cut(&rest, ';'), &b);
    }
    made = pool_dup(visit_pool(p->v), buf_slice(&b));
    buf_free(&b);
    return made;
}

static struct slice cookie_for_client(const struct proxy *p, struct slice cookie)
{
    if (p->conf->cookie_domains || p->conf->cookie_paths)
        cookie = rewritten(p, cookie);
    return p->conf->cookie_flags ? flagged(p, cookie) : cookie;
}

struct slice proxy_rewrite_value(const struct proxy *p, const struct header *h)
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
