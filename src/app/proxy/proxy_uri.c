/* nginx's rules for the URI that the server is asked for.
 *
 * proxy_pass without a URI passes the client's on as it was sent, or, when a rewrite has changed
 * it, the new path, escaped anew. With a URI, that takes the place of what the location matched.
 * With variables and a URI, that is all; what may not stand in a target is escaped. */
#include "app/proxy/proxy.h"

#include "app/conf.h"
#include "app/variables/script.h"
#include "base/encode.h"
#include "proto/grammar.h"

/* "/path" of the URI in proxy_pass, without its query. */
static void add_own_uri(struct buf *b, struct slice uri)
{
    if (uri.n && uri.p[0] == '?')
        buf_add_char(b, '/');
    buf_add_slice(b, uri);
}

static bool is_as_sent(const struct visit *v)
{
    const struct request *r = &v->x->req;

    return (!v->parent || v->slices) && r->path.p == v->first_path.p &&
           r->path.n == v->first_path.n && r->query.p == v->first_query.p &&
           r->query.n == v->first_query.n;
}

static void add_query(struct buf *b, const struct request *r, bool has_one)
{
    if (!r->query.p || !r->query.n)
        return;
    buf_add_char(b, has_one ? '&' : '?');
    buf_add_slice(b, r->query);
}

static struct slice target_of(struct proxy *p)
{
    struct visit *v = p->v;
    struct request *r = &v->x->req;
    struct buf b = BUF_EMPTY;
    struct slice made, path = r->path;

    if (p->pass.uri.p && p->pass.target)
        return p->pass.uri.p[0] == '/'
                   ? p->pass.uri
                   : pool_printf(visit_pool(v), "/" SLICE_FMT, SLICE_ARG(p->pass.uri));
    if (!p->pass.uri.p && is_as_sent(v))
        return r->uri;
    if (p->pass.uri.p && v->located_path.p == path.p) {
        add_own_uri(&b, p->pass.uri);
        path = slice_from(path, MIN(v->path_prefix.n, path.n));
    }
    encode_percent(&b, path, ENCODE_PATH);
    add_query(&b, r, false);
    made = pool_dup(visit_pool(v), buf_slice(&b));
    buf_free(&b);
    return made;
}

struct slice proxy_uri(struct proxy *p)
{
    struct slice target = target_of(p);
    struct buf b = BUF_EMPTY;
    struct slice made;

    if (LIKELY(grammar_span_visible(target) == target.n))
        return target;
    encode_percent(&b, target, ENCODE_VISIBLE);
    made = pool_dup(visit_pool(p->v), buf_slice(&b));
    buf_free(&b);
    return made;
}
