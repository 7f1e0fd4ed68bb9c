/* Responses and requests differ in how a field is put and taken away; which, and when, is the same
 * for both. */
#include "app/filters/more_headers.h"

#include <strings.h>

#include "app/request_fields.h"
#include "app/variables/script.h"
#include "http/filter.h"

/* The type of a body, without its parameters or with them. */
static bool has_type(const struct header_list *l, const struct more_when *w)
{
    const struct header *h = header_find_id(l, HEADER_CONTENT_TYPE);
    struct slice bare;

    if (!h)
        return false;
    bare = h->value;
    bare = slice_trim(slice_cut(&bare, ';'));
    for (unsigned i = 0; i < w->n_types; i++)
        if (slice_eq(w->types[i], bare) || slice_eq(w->types[i], h->value))
            return true;
    return false;
}

static bool has_status(const struct visit *v, const struct more_when *w)
{
    for (unsigned i = 0; i < w->n_statuses; i++)
        if (w->statuses[i] == v->x->res.status)
            return true;
    return false;
}

static bool is_meant(const struct visit *v, const struct more_when *w, const struct header_list *l)
{
    return (w->n_statuses == 0 || has_status(v, w)) && (w->n_types == 0 || has_type(l, w));
}

static bool is_named(const struct header *h, struct slice name)
{
    bool is_prefix = name.n > 0 && name.p[name.n - 1] == '*';

    name.n -= is_prefix;
    return (h->name.n == name.n || (is_prefix && h->name.n > name.n)) &&
           strncasecmp(h->name.p, name.p, name.n) == 0;
}

/* --- of the response --- */

/* Fields that are written where nothing is said are left out by an empty value. */
static void clear(struct visit *v, struct slice name)
{
    struct header_list *l = &v->x->res.headers;
    enum header_id id = header_id(name);
    unsigned kept = 0;

    for (unsigned i = 0; i < l->n; i++)
        if (!is_named(&l->fields[i], name))
            l->fields[kept++] = l->fields[i];
    l->n = kept;
    if (id == HEADER_DATE || id == HEADER_SERVER)
        header_set_id(l, visit_pool(v), id, SLICE_EMPTY);
}

static void apply(struct visit *v, const struct more_header *m)
{
    struct header_list *l = &v->x->res.headers;
    struct slice value = m->value ? script_eval(m->value, v) : SLICE_EMPTY;

    if (!m->value)
        clear(v, m->name);
    else if (value.n == 0)
        header_remove(l, m->name);
    else if (m->is_added)
        header_add(l, visit_pool(v), m->name, value);
    else
        header_set(l, visit_pool(v), m->name, value);
}

static void on_head(struct filter *f, struct exchange *x)
{
    struct visit *v = visit_of(x);

    for (const struct more_header *m = v->loc->more_headers; m; m = m->next)
        if (is_meant(v, m->when, &x->res.headers))
            apply(v, m);
    exchange_pass_head(x, f->next);
}

static void on_body(struct filter *f, struct exchange *x, const struct chunk *c)
{
    exchange_pass_body(x, f->next, c);
}

static const struct filter_ops ops = {"more headers", on_head, on_body, NULL};

void more_headers_filter_add(struct visit *v)
{
    if (v->loc->more_headers)
        filter_append(v->x, pool_new(visit_pool(v), struct filter), &ops);
}

/* --- of the request --- */

static bool has_field(const struct visit *v, struct slice name)
{
    const struct header_list *l = &v->x->req.headers;

    for (unsigned i = 0; i < l->n; i++)
        if (is_named(&l->fields[i], name))
            return true;
    return false;
}

static void remove_all(struct visit *v, struct slice name)
{
    const struct header_list *l = &v->x->req.headers;

    for (unsigned i = 0; i < l->n;)
        if (is_named(&l->fields[i], name))
            request_fields_remove(v, l->fields[i].name);
        else
            i++;
}

static bool apply_input(struct visit *v, const struct more_header *m)
{
    struct slice value = m->value ? script_eval(m->value, v) : SLICE_EMPTY;

    if (m->only_there && !has_field(v, m->name))
        return true;
    if (value.n)
        return request_fields_put(v, m->name, value, !m->is_added);
    remove_all(v, m->name);
    return true;
}

enum step_result more_headers_step(struct visit *v, const struct step *s)
{
    UNUSED(s);
    for (const struct more_header *m = v->loc->more_input_headers; m; m = m->next)
        if (is_meant(v, m->when, &v->x->req.headers) && !apply_input(v, m))
            log_write(&v->x->log, LOG_ERROR, "invalid value of the field \"" SLICE_FMT "\"",
                      SLICE_ARG(m->name));
    return STEP_NEXT;
}
