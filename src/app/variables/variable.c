/* The table of variables: who they are, by name.
 *
 * Builtins are constant entries listed in variables_*.c and put into the table's map when it is
 * made; indexed variables are made as directives define them; members of families when somebody
 * asks for one. A name that a script mentions before it is defined has an entry with get_undefined,
 * which variable_define turns into the real thing.
 *
 * To add a builtin: a getter and an entry in the table of its kind. A getter must not allocate from
 * the heap, should borrow what the request holds already, and answers VARIABLE_NONE for "not
 * found".
 *
 * At run time the map is only read, except that members of families first met then are added up to
 * MADE_MOST, so that names which come from requests cannot fill the memory; beyond that they live
 * in the visit's pool. */
#include "app/variables/variable.h"

#include "app/conf.h"
#include "app/variables/variables.h"
#include "base/nearest.h"

enum { MADE_MOST = 1000, NAME_MOST = 256 };

enum { UNSET = 1 }; /* the length of what is not there, by variable_unset */

static const struct variable *const of_http[] = {
    variables_request,
    variables_response,
    variables_server,
    variables_connection,
    variables_tls,
    variables_proxied,
    variables_capture,
    variables_upstream,
    variables_secure_link,
    variables_userid,
    variables_referers,
    variables_counts,
    NULL,
};

static const struct variable *const of_stream[] = {
    variables_session,
    variables_relay,
    variables_connection,
    variables_tls,
    variables_proxied,
    variables_capture,
    NULL,
};

/* Sessions have the first alone. */
static const struct variables_family *const family_tables[] = {
    variables_proxied_families,
    variables_families,
    variables_upstream_families,
};

static struct slice get_undefined(struct visit *v, const struct variable *var)
{
    UNUSED(v);
    UNUSED(var);
    return VARIABLE_NONE;
}

static void free_map(void *map)
{
    map_deinit(map);
}

/* The map holds pointers without const; only entries made here, which are not constant, are ever
 * changed. */
static void put(struct variable_table *t, const struct variable *var)
{
    map_set(&t->by_name, var->name, (void *)(uintptr_t)var);
}

void variable_table_init(struct variable_table *t, struct pool *pool, enum variable_kind kind,
                         const struct config_node *const *place)
{
    const struct variable *const *tables = kind == VARIABLES_STREAM ? of_stream : of_http;

    *t = (struct variable_table){
        .pool = pool, .slots = SLOTS_RESERVED, .kind = kind, .place = place};
    map_init(&t->by_name, true);
    pool_on_reset(pool, free_map, &t->by_name);
    for (; *tables; tables++) {
        for (const struct variable *var = *tables; var->name.p; var++)
            put(t, var);
    }
}

static bool refuse_unknown(const struct variable_table *t, const struct variable *unknown,
                           struct config_error *e)
{
    struct nearest n = nearest_to(unknown->name);
    const struct map_entry *it;
    size_t at = 0;

    while ((it = map_next(&t->by_name, &at)) != NULL) {
        const struct variable *var = it->value;

        if (var->get != get_undefined)
            nearest_try(&n, var->name, true);
    }
    config_node_error(unknown->data, e, "unknown \"" SLICE_FMT "\" variable",
                      SLICE_ARG(unknown->name));
    return n.found.p &&
           config_error_hint(e, "did you mean \"$" SLICE_FMT "\"?", SLICE_ARG(n.found));
}

bool variable_table_check(const struct variable_table *t, struct config_error *e)
{
    const struct map_entry *it;
    size_t at = 0;

    while ((it = map_next(&t->by_name, &at)) != NULL) {
        const struct variable *var = it->value;

        if (var->get == get_undefined)
            return refuse_unknown(t, var, e);
    }
    return true;
}

static const struct variables_field *make_field(struct pool *pool, struct slice suffix)
{
    struct variables_field *f = pool_new(pool, struct variables_field);
    char name[NAME_MOST];

    f->name = suffix;
    if (suffix.n > sizeof(name))
        return f;
    for (size_t i = 0; i < suffix.n; i++)
        name[i] = suffix.p[i] == '_' ? '-' : suffix.p[i];
    f->id = header_id(slice_of(name, suffix.n));
    return f;
}

/* The family that `name`, in any case, is a member of; NULL: of none. */
static const struct variables_family *find_family(enum variable_kind kind, struct slice name)
{
    size_t n = kind == VARIABLES_HTTP ? ARRAY_LEN(family_tables) : 1;

    for (size_t i = 0; i < n; i++)
        for (const struct variables_family *f = family_tables[i]; f->prefix.p; f++)
            if (name.n > f->prefix.n && slice_ieq(slice_of(name.p, f->prefix.n), f->prefix))
                return f;
    return NULL;
}

/* The member of a family that `name` (lower case) is; NULL when it is of none. */
static struct variable *make_member(enum variable_kind kind, struct pool *pool, struct slice name)
{
    const struct variables_family *f = find_family(kind, name);
    struct variable *var;

    if (!f)
        return NULL;
    var = pool_new(pool, struct variable);
    var->name = name;
    var->get = f->get;
    var->suffix = slice_from(name, f->prefix.n);
    if (f->is_of_fields)
        var->data = make_field(pool, var->suffix);
    return var;
}

const struct variable *variable_find(struct variable_table *t, struct slice name)
{
    const struct variable *var = map_get(&t->by_name, name);

    if (var)
        return var->get == get_undefined ? NULL : var;
    if (!find_family(t->kind, name))
        return NULL;
    var = make_member(t->kind, t->pool, pool_lower(t->pool, name));
    if (var)
        put(t, var);
    return var;
}

static struct variable *make(struct variable_table *t, struct slice name)
{
    struct variable *var = pool_new(t->pool, struct variable);

    var->name = pool_lower(t->pool, name);
    var->get = get_undefined;
    var->data = *t->place;
    put(t, var);
    return var;
}

const struct variable *variable_refer(struct variable_table *t, struct slice name)
{
    const struct variable *var = variable_find(t, name);

    if (!var)
        var = map_get(&t->by_name, name);
    return var ? var : make(t, name);
}

/* A directive may take over a member's name ($arg_x, $http_x): from then on it is what the
 * directive makes it. */
static bool can_take_over(const struct variable *var)
{
    return var->get == get_undefined || var->suffix.n > 0;
}

const struct variable *variable_define_getter(struct variable_table *t, struct slice name,
                                              variable_get_fn get, const void *data)
{
    struct variable *var = map_get(&t->by_name, name);

    if (!var)
        var = make(t, name);
    if (!can_take_over(var)) {
        if (data && var->set == variable_set) {
            var->get = get;
            var->data = data;
        }
        return var->set ? var : NULL;
    }
    var->get = get;
    var->set = variable_set;
    var->suffix = SLICE_EMPTY;
    var->data = data;
    var->slot = t->slots++;
    return var;
}

static struct slice get_overridden(struct visit *v, const struct variable *var)
{
    struct slice value = v->slots[var->slot];

    return value.p || value.n == UNSET ? variable_get(v, var) : var->under(v, var);
}

const struct variable *variable_define(struct variable_table *t, struct slice name)
{
    struct variable *var = (struct variable *)(uintptr_t)variable_find(t, name);

    if (!var || var->suffix.n == 0)
        return variable_define_getter(t, name, variable_get, NULL);
    if (!var->under) {
        var->under = var->get;
        var->get = get_overridden;
        var->set = variable_set;
        var->slot = t->slots++;
    }
    return var;
}

struct slice variable_get_slot(struct visit *v, const struct variable *var)
{
    return v->slots[var->slot];
}

struct slice variable_get(struct visit *v, const struct variable *var)
{
    struct slice value = v->slots[var->slot];

    if (LIKELY(value.p))
        return value;
    if (value.n == UNSET)
        return (struct slice){NULL, 0};
    if (!v->loc || v->loc->warns_of_unset)
        log_write(&v->x->log, LOG_WARN, "using uninitialized \"" SLICE_FMT "\" variable",
                  SLICE_ARG(var->name));
    return SLICE_EMPTY;
}

bool variable_unset(struct visit *v, const struct variable *var)
{
    if (var->set != variable_set)
        return false;
    v->slots[var->slot] = (struct slice){NULL, UNSET};
    return true;
}

bool variable_set(struct visit *v, const struct variable *var, struct slice value)
{
    v->slots[var->slot] = value.p ? pool_dup(visit_pool(v), value) : value;
    return true;
}

const struct variable *variable_find_at_run(struct visit *v, struct slice name)
{
    /* The table is a cache of what names mean: adding a member changes no answer. */
    struct variable_table *t = (struct variable_table *)(uintptr_t)v->variables;
    const struct variable *var = map_get(&t->by_name, name);

    if (LIKELY(var))
        return var->get == get_undefined ? NULL : var;
    if (!find_family(t->kind, name))
        return NULL;
    if (name.n > NAME_MOST || t->made_at_run >= MADE_MOST)
        return make_member(t->kind, visit_pool(v), pool_lower(visit_pool(v), name));
    t->made_at_run++;
    return variable_find(t, name);
}
