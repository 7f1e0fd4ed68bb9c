/* Evaluating compiled strings.
 *
 * A constant costs nothing, a lone variable is its value, borrowed. Otherwise every variable is
 * asked once, the lengths are added up, and the result is put together in one piece of the visit's
 * pool. This file knows no variable by name: compiling is script_compile.c, so that variables may
 * themselves evaluate strings. */
#include "app/variables/script.h"

#include "app/variables/script_parts.h"
#include "app/visit.h"

enum { PARTS_ON_STACK = 16 };

bool script_is_constant(const struct script *s)
{
    return !s || s->n == 0;
}

struct slice script_constant(const struct script *s)
{
    return s ? s->constant : SLICE_EMPTY;
}

struct script *script_literal(struct pool *pool, struct slice text)
{
    struct script *s = pool_new(pool, struct script);

    s->constant = pool_dup(pool, text);
    return s;
}

static struct slice join(struct pool *pool, const struct slice *values, unsigned n, size_t size)
{
    char *out = pool_alloc(pool, size + 1), *p = out;

    for (unsigned i = 0; i < n; i++) {
        if (values[i].n > 0)
            memcpy(p, values[i].p, values[i].n);
        p += values[i].n;
    }
    *p = '\0';
    return slice_of(out, size);
}

struct slice script_eval(const struct script *s, struct visit *v)
{
    struct slice few[PARTS_ON_STACK], *values = few;
    size_t size = 0;

    if (script_is_constant(s))
        return script_constant(s);
    if (s->n == 1) {
        few[0] = s->parts[0].variable->get(v, s->parts[0].variable);
        return few[0].p ? few[0] : SLICE_EMPTY;
    }
    if (s->n > PARTS_ON_STACK)
        values = pool_alloc(visit_pool(v), s->n * sizeof(*values));
    for (unsigned i = 0; i < s->n; i++) {
        const struct variable *var = s->parts[i].variable;

        values[i] = var ? var->get(v, var) : s->parts[i].text;
        size += values[i].n;
    }
    return join(visit_pool(v), values, s->n, size);
}
