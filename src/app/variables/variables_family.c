/* Families of variables: $arg_, $cookie_, $http_, $sent_http_, $sent_trailer_; and $1 to $9.
 *
 * Members know what they look for: the suffix in lower case, and for fields of a head the id of the
 * known ones, so that asking compares numbers. Values are borrowed from the request; only repeated
 * fields are joined into new memory. Arguments are found in the raw query, their names compared
 * without case, and are not decoded: `?a` without `=` is not there. */
#include "app/variables/variables.h"

#include "app/request_fields.h"

struct slice variables_argument(const struct visit *v, struct slice want)
{
    struct slice rest = v->x->req.query;

    if (rest.n <= want.n)
        return VARIABLE_NONE;
    while (rest.p) {
        struct slice pair = slice_cut(&rest, '&');

        if (pair.n > want.n && pair.p[want.n] == '=' && strncasecmp(pair.p, want.p, want.n) == 0)
            return slice_from(pair, want.n + 1);
    }
    return VARIABLE_NONE;
}

static struct slice get_arg(struct visit *v, const struct variable *var)
{
    return variables_argument(v, var->suffix);
}

/* RFC 6265 section 4.2.1. */
static struct slice find_cookie(struct slice rest, struct slice want)
{
    while (rest.p) {
        struct slice pair = slice_trim(slice_cut(&rest, ';'));
        struct slice name = slice_cut(&pair, '=');

        if (pair.p && slice_ieq(slice_trim(name), want))
            return slice_trim(pair);
    }
    return VARIABLE_NONE;
}

static struct slice get_cookie(struct visit *v, const struct variable *var)
{
    const struct header_list *l = &v->x->req.headers;
    struct slice value = VARIABLE_NONE;

    for (unsigned i = 0; i < l->n && !value.p; i++) {
        if (l->fields[i].id == HEADER_COOKIE)
            value = find_cookie(l->fields[i].value, var->suffix);
    }
    return value;
}

static bool is_field(const struct header *h, const struct variables_field *f)
{
    if (f->id != HEADER_OTHER || h->id != HEADER_OTHER)
        return h->id == f->id;
    if (h->name.n != f->name.n)
        return false;
    for (size_t i = 0; i < h->name.n; i++) {
        char c = h->name.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if (c == '-')
            c = '_';
        if (c != f->name.p[i])
            return false;
    }
    return true;
}

/* A client's X_User must not be taken for X-User, which perhaps another server has set. */
static bool is_one_of(const struct visit *v, const struct header_list *l, unsigned i,
                      const struct variables_field *f)
{
    return is_field(&l->fields[i], f) &&
           (l != &v->x->req.headers || !request_fields_is_doubtful(v, &l->fields[i]));
}

static struct slice join(struct visit *v, const struct header_list *l, unsigned first,
                         const struct variables_field *f)
{
    const char *separator = f->id == HEADER_COOKIE ? "; " : ", ";
    size_t n = 0;
    char *out, *p;

    for (unsigned i = first; i < l->n; i++)
        n += is_one_of(v, l, i, f) ? l->fields[i].value.n + 2 : 0;
    out = p = pool_alloc(visit_pool(v), n);
    for (unsigned i = first; i < l->n; i++) {
        if (!is_one_of(v, l, i, f))
            continue;
        memcpy(p, l->fields[i].value.p, l->fields[i].value.n);
        memcpy(p + l->fields[i].value.n, separator, 2);
        p += l->fields[i].value.n + 2;
    }
    return slice_of(out, n - 2);
}

struct slice variables_field_value(struct visit *v, const struct header_list *l,
                                   const struct variables_field *f)
{
    unsigned first = 0, next;

    while (first < l->n && !is_one_of(v, l, first, f))
        first++;
    if (first == l->n)
        return VARIABLE_NONE;
    for (next = first + 1; next < l->n; next++) {
        if (is_one_of(v, l, next, f))
            return join(v, l, first, f);
    }
    return l->fields[first].value;
}

static struct slice get_http(struct visit *v, const struct variable *var)
{
    return variables_field_value(v, &v->x->req.headers, var->data);
}

static struct slice get_sent_http(struct visit *v, const struct variable *var)
{
    return variables_field_value(v, &v->x->res.headers, var->data);
}

static struct slice get_sent_trailer(struct visit *v, const struct variable *var)
{
    return variables_field_value(v, &v->x->res.trailers, var->data);
}

const struct variables_family variables_families[] = {
    {SLICE("arg_"), get_arg, false},
    {SLICE("cookie_"), get_cookie, false},
    {SLICE("http_"), get_http, true},
    {SLICE("sent_http_"), get_sent_http, true},
    {SLICE("sent_trailer_"), get_sent_trailer, true},
    {{NULL, 0}, NULL, false},
};

static struct slice get_capture(struct visit *v, const struct variable *var)
{
    int i = var->name.p[0] - '0';
    const int *at = &v->captures[2 * (size_t)i];

    if (i >= v->n_captures || at[0] < 0)
        return VARIABLE_NONE;
    return slice_of(v->capture_subject.p + at[0], (size_t)(at[1] - at[0]));
}

const struct variable variables_capture[] = {
    VARIABLE("1", get_capture), VARIABLE("2", get_capture),
    VARIABLE("3", get_capture), VARIABLE("4", get_capture),
    VARIABLE("5", get_capture), VARIABLE("6", get_capture),
    VARIABLE("7", get_capture), VARIABLE("8", get_capture),
    VARIABLE("9", get_capture), VARIABLE_END,
};
