/* Looking values up, in nginx's order: the string itself, the longest wildcard at the front, the
 * longest at the end, regular expressions in file order, the default. Strings are compared without
 * case.
 *
 * The value is kept in the variable's slot of the visit. While it is worked out the slot is set as
 * well, so that maps which depend on each other end with an empty value instead of never. */
#include "app/variables/map_block.h"

#include "app/name_table.h"
#include "app/variables/captures.h"
#include "app/visit.h"

struct map_regex {
    const struct regex *regex;
    const struct captures_names *names;
    struct script *value;
    struct map_regex *next;
};

struct map_value {
    struct script *script;
};

struct map_block {
    struct app_conf *conf;
    struct variable_table *variables;
    struct script *source;
    struct name_table names; /* → struct map_value *; without `hostnames` exact ones only */
    struct map_regex *regexes, **last_regex;
    struct script *fallback;
    bool has_fallback, has_hostnames, is_volatile;
};

struct map_block *map_block_new(struct app_conf *conf, struct variable_table *variables,
                                struct script *source)
{
    struct map_block *m = pool_new(&conf->pool, struct map_block);

    m->conf = conf;
    m->variables = variables;
    m->source = source;
    m->last_regex = &m->regexes;
    name_table_init(&m->names, &conf->pool, true);
    return m;
}

void map_block_take_hostnames(struct map_block *m)
{
    m->has_hostnames = true;
}

void map_block_set_volatile(struct map_block *m)
{
    m->is_volatile = true;
}

static bool add_regex(struct map_block *m, struct slice pattern, struct script *value,
                      struct slice *error_out)
{
    struct map_regex *r = pool_new(&m->conf->pool, struct map_regex);
    bool ignore_case = pattern.n > 0 && pattern.p[0] == '*';

    if (ignore_case)
        pattern = slice_from(pattern, 1);
    r->value = value;
    r->regex = regex_compile(&m->conf->pool, pattern, ignore_case, error_out);
    if (!r->regex || !captures_bind(m->variables, r->regex, &r->names, error_out))
        return false;
    *m->last_regex = r;
    m->last_regex = &r->next;
    return true;
}

static bool add_string(struct map_block *m, struct slice key, struct script *value,
                       struct slice *error_out)
{
    struct map_value *entry = pool_new(&m->conf->pool, struct map_value);

    entry->script = value;
    if (m->has_hostnames ? name_table_add(&m->names, key, entry)
                         : !map_set(&m->names.exact, key, entry))
        return true;
    *error_out =
        pool_printf(&m->conf->pool, "conflicting parameter \"" SLICE_FMT "\"", SLICE_ARG(key));
    return false;
}

bool map_block_add(struct map_block *m, struct slice key, struct script *value,
                   struct slice *error_out)
{
    if (slice_eq(key, SLICE("default"))) {
        if (m->has_fallback) {
            *error_out = SLICE("duplicate default map parameter");
            return false;
        }
        m->fallback = value;
        m->has_fallback = true;
        return true;
    }
    if (key.n > 0 && key.p[0] == '~')
        return add_regex(m, slice_from(key, 1), value, error_out);
    if (key.n > 0 && key.p[0] == '\\')
        key = slice_from(key, 1);
    return add_string(m, key, value, error_out);
}

static struct script *find(const struct map_block *m, struct visit *v, struct slice text)
{
    struct slice name = text;
    const struct map_value *found;

    /* The root label of an absolute name makes no difference. */
    if (m->has_hostnames && name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    found = name_table_find(&m->names, name);
    if (found)
        return found->script;
    for (const struct map_regex *r = m->regexes; r; r = r->next) {
        switch (captures_match(v, r->regex, r->names, text)) {
        case CAPTURES_SET:
            return r->value;
        case CAPTURES_FAILED: /* what stands behind it may be less strict */
            return m->fallback;
        case CAPTURES_NONE:
            break;
        }
    }
    return m->fallback;
}

struct slice map_block_get(struct visit *v, const struct variable *var)
{
    const struct map_block *m = var->data;
    struct slice *slot = &v->slots[var->slot];
    struct slice value;

    if (slot->p)
        return *slot;
    *slot = SLICE_EMPTY;
    value = pool_dup(visit_pool(v), script_eval(find(m, v, script_eval(m->source, v)), v));
    *slot = m->is_volatile ? slice_of(NULL, 0) : value;
    return value;
}
