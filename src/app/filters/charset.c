/* Bytes are left as they are: only their name is told. */
#include "app/filters/charset.h"

#include <strings.h>

#include "app/variables/script.h"
#include "app/visit.h"

const struct charset_conf charset_defaults = {.name = NULL};

/* nginx's types where charset_types says nothing. */
static bool is_usual(struct slice type)
{
    static const struct slice usual[] = {
        {"text/html", 9},
        {"text/xml", 8},
        {"text/plain", 10},
        {"text/vnd.wap.wml", 16},
        {"application/javascript", 22},
        {"application/rss+xml", 19},
    };

    type = slice_trim(slice_cut(&type, ';'));
    for (size_t i = 0; i < ARRAY_LEN(usual); i++)
        if (slice_ieq(type, usual[i]))
            return true;
    return false;
}

/* The type without its charset parameter; *had_out: there was one. */
static struct slice without_charset(struct visit *v, struct slice type, bool *had_out)
{
    struct slice rest = type, kept = slice_trim(slice_cut(&rest, ';'));

    *had_out = false;
    while (rest.p) {
        struct slice parameter = slice_trim(slice_cut(&rest, ';'));

        if (parameter.n > 8 && strncasecmp(parameter.p, "charset=", 8) == 0)
            *had_out = true;
        else if (parameter.n)
            kept = pool_printf(visit_pool(v), SLICE_FMT "; " SLICE_FMT, SLICE_ARG(kept),
                               SLICE_ARG(parameter));
    }
    return kept;
}

/* Their pages get none, as nginx has it. */
static bool is_redirect(int status)
{
    return status == 301 || status == 302;
}

void charset_apply(struct visit *v, const struct charset_conf *c)
{
    struct header_list *l = &v->x->res.headers;
    const struct header *h = header_find_id(l, HEADER_CONTENT_TYPE);
    struct slice name = c->name ? script_eval(c->name, v) : SLICE_EMPTY, type;
    bool had;

    if (!h || name.n == 0 || slice_eq(name, SLICE("off")) ||
        header_find_id(l, HEADER_CONTENT_ENCODING) ||
        !(c->has_types ? media_set_has(&c->types, h->value) : is_usual(h->value)))
        return;
    type = without_charset(v, h->value, &had);
    if (!had ? !is_redirect(v->x->res.status) : c->overrides)
        header_set_id(l, visit_pool(v), HEADER_CONTENT_TYPE,
                      pool_printf(visit_pool(v), SLICE_FMT "; charset=" SLICE_FMT, SLICE_ARG(type),
                                  SLICE_ARG(name)));
}
