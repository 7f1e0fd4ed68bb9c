/* The response filter of add_header, add_trailer and expires, with nginx's rules: only on the
 * statuses below unless `always`, a field whose value is empty is not added, Last-Modified and ETag
 * are replaced, any other field is added to what is there. */
#include "app/filters/header_filter.h"

#include "app/filters/charset.h"
#include "app/filters/userid.h"
#include "app/variables/script.h"
#include "http/filter.h"
#include "proto/date.h"

static bool is_plain_status(int status)
{
    switch (status) {
    case 200:
    case 201:
    case 204:
    case 206:
    case 301:
    case 302:
    case 303:
    case 304:
    case 307:
    case 308:
        return true;
    }
    return false;
}

/* What the level above adds, for a level that has read all of its own. */
static void end_rules(struct header_rule **rules, bool are_inherited, enum header_inherit how,
                      struct header_rule *above)
{
    if (are_inherited) {
        if (how == INHERIT_OFF)
            *rules = NULL;
        return;
    }
    if (how != INHERIT_MERGE)
        return;
    while (*rules)
        rules = &(*rules)->next;
    *rules = above;
}

void header_filter_end_level(struct location *l)
{
    if (!l->parent)
        return;
    end_rules(&l->headers, l->are_headers_inherited, l->header_inherit, l->parent->headers);
    end_rules(&l->trailers, l->are_trailers_inherited, l->trailer_inherit, l->parent->trailers);
}

/* --- add_header --- */

static void apply_rule(struct visit *v, const struct header_rule *rule)
{
    struct response *r = &v->x->res;
    struct slice value = script_eval(rule->value, v);

    switch (header_id(rule->name)) {
    case HEADER_LAST_MODIFIED:
        if (!date_parse(value, &r->last_modified))
            r->last_modified = -1;
        break;
    case HEADER_ETAG:
        break;
    default:
        if (value.n)
            header_add(&r->headers, visit_pool(v), rule->name, value);
        return;
    }
    if (value.n)
        header_set(&r->headers, visit_pool(v), rule->name, value);
    else
        header_remove(&r->headers, rule->name);
}

/* --- add_trailer --- */

static bool has_trailers(const struct visit *v)
{
    bool is_plain = is_plain_status(v->x->res.status);

    for (const struct header_rule *r = v->loc->trailers; r; r = r->next)
        if (is_plain || r->always)
            return true;
    return false;
}

static void add_trailers(struct visit *v)
{
    bool is_plain = is_plain_status(v->x->res.status);

    for (const struct header_rule *r = v->loc->trailers; r; r = r->next) {
        struct slice value = is_plain || r->always ? script_eval(r->value, v) : SLICE_EMPTY;

        if (value.n)
            header_add(&v->x->res.trailers, visit_pool(v), r->name, value);
    }
}

static void on_head(struct filter *f, struct exchange *x)
{
    struct visit *v = visit_of(x);
    bool is_plain = is_plain_status(x->res.status);

    if (v->loc->userid)
        userid_apply(v);
    if (is_plain)
        expires_apply(v);
    for (const struct header_rule *r = v->loc->headers; r; r = r->next)
        if (is_plain || r->always)
            apply_rule(v, r);
    if (v->loc->charset)
        charset_apply(v, v->loc->charset);
    x->res.wants_trailers = has_trailers(v);
    exchange_pass_head(x, f->next);
}

static void on_body(struct filter *f, struct exchange *x, const struct chunk *c)
{
    if (c->is_last && x->res.wants_trailers)
        add_trailers(visit_of(x));
    exchange_pass_body(x, f->next, c);
}

static const struct filter_ops ops = {"header", on_head, on_body, NULL};

void header_filter_add(struct visit *v)
{
    struct exchange *x = v->x;

    if (!v->loc->userid && !v->loc->headers && !v->loc->trailers && !v->loc->charset &&
        v->loc->expires.kind == EXPIRES_OFF && !v->loc->expires.value)
        return;
    for (const struct filter *f = x->filters; f; f = f->next)
        if (f->ops == &ops)
            return;
    filter_append(x, pool_new(visit_pool(v), struct filter), &ops);
}
