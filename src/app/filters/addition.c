/* What goes around the body is there before it comes (app/filters/addition_step.c), so nothing that
 * is under way ever waits. */
#include "app/filters/addition.h"

#include "app/filters/around_filter.h"
#include "http/recode.h"

const struct addition_conf addition_defaults = {.paths = {{NULL, 0}, {NULL, 0}}};

static bool is_meant(struct visit *v)
{
    struct exchange *x = v->x;
    const struct header *type = header_find_id(&x->res.headers, HEADER_CONTENT_TYPE);
    const struct addition *a = v->addition;

    if (!a || a->conf != v->loc->addition || x->res.status != 200 || !type ||
        !media_set_has(&a->conf->types, type->value) ||
        header_find_id(&x->res.headers, HEADER_CONTENT_ENCODING))
        return false;
    recode_head(x, SLICE_EMPTY);
    return true;
}

static void add_text(struct visit *v, bool is_behind, struct buf *out)
{
    const struct addition *a = v->addition;

    buf_add_slice(out, a->texts[is_behind]);
}

void addition_filter_add(struct visit *v)
{
    static const struct around_user addition = {AROUND_OPS("addition"), is_meant, add_text};

    if (v->loc->addition && !v->parent)
        around_filter_add(v, &addition);
}
