/* Applying blocks, and the setters that most directives share.
 *
 * To add a directive: an entry in the table of the file of this folder it belongs to, with its text
 * for the reference; one that only stores a value names the field by `id` and a setter of this
 * file. */
#include "app/directives/directives.h"

#include <netdb.h>

#include "app/access/access_step.h"
#include "app/access/limit.h"
#include "app/files/static_redirect.h"
#include "app/filters/addition_step.h"
#include "app/filters/header_filter.h"
#include "app/filters/more_headers.h"
#include "app/lua/lua_step.h"
#include "app/mirror.h"
#include "app/real_ip.h"
#include "app/rewrite.h"
#include "app/tls/socket_tls.h"
#include "app/variables/referers.h"

const char directives_ordered[] = "ordered";

/* Blocks of free statements (types, map) set a value like simple directives do. */
static bool is_second_pass(const struct config_node *node)
{
    return node->content == CONFIG_BLOCK || node->schema->extra == directives_ordered;
}

/* What directives take stands in their syntax. */
static bool apply_directive(struct apply *a, const struct config_node *node, struct config_error *e)
{
    const struct directive *d = node->schema;

    if (d->apply(a, node, e))
        return true;
    if (!e->hint[0] && d->syntax && slice_has_prefix(slice_str(e->message), SLICE("invalid param")))
        config_error_hint(e, "syntax: %s", d->syntax);
    return false;
}

static bool apply_pass(struct apply *a, const struct config_node *block, bool is_second,
                       struct config_error *e)
{
    const struct config_node *outer = a->conf->place;

    for (const struct config_node *node = block->children; node; node = node->next) {
        const struct directive *d = node->schema;

        a->conf->place = node;
        if (d && d->apply && is_second_pass(node) == is_second && !apply_directive(a, node, e))
            return schema_hint_unended(node, e);
    }
    a->conf->place = outer;
    return true;
}

bool directives_apply_block(struct apply *a, const struct config_node *block,
                            struct config_error *e)
{
    return apply_pass(a, block, false, e) && apply_pass(a, block, true, e);
}

/* In nginx's order. */
static void end_preaccess(struct location *l)
{
    l->steps[PHASE_PREACCESS] = (struct step_list){.n = 0};
    if (l->more_input_headers)
        location_add_step(l, PHASE_PREACCESS, more_headers_step, NULL, 0);
    if (l->real_ip)
        location_add_step(l, PHASE_PREACCESS, real_ip_step, NULL, 0);
    if (l->limit_req)
        location_add_step(l, PHASE_PREACCESS, limit_req_step, NULL, 0);
    if (l->limit_conn)
        location_add_step(l, PHASE_PREACCESS, limit_conn_step, NULL, 0);
}

/* Behind what the level has of its own, or before it; instead of what is inherited. */
static void end_precontent(struct apply *a)
{
    struct step_list *list = &a->loc->steps[PHASE_PRECONTENT];

    if (list->is_inherited)
        *list = (struct step_list){0};
    location_put_step(a->loc, PHASE_PRECONTENT, a->loc->is_precontent_by_lua_first,
                      lua_step_precontent, a->precontent_by_lua);
}

void directives_end_lua(struct apply *a)
{
    if (a->handler) {
        a->handler->middleware = a->middleware;
        a->handler->n_middleware = a->n_middleware;
    }
    if (a->rewrite_by_lua && !a->loc->rewrites_by_lua_first)
        location_add_step(a->loc, PHASE_REWRITE, lua_step_rewrite, a->rewrite_by_lua, 0);
    if (a->loc->addition)
        location_put_step(a->loc, PHASE_PRECONTENT, false, addition_step, NULL);
    if (a->loc->mirror)
        location_put_step(a->loc, PHASE_PRECONTENT, false, mirror_step, NULL);
    if (a->precontent_by_lua)
        end_precontent(a);
    end_preaccess(a->loc);
    access_step_add(a->loc);
}

/* server_rewrite_by_lua comes before the rewrite directives of its server; rewrite_by_lua before
 * those of its location when that is wanted. */
static void begin_lua(struct apply *a)
{
    if (a->server_rewrite_by_lua && a->vhost && a->loc->kind == LOCATION_LEVEL)
        location_add_step(a->loc, PHASE_SERVER_REWRITE, lua_step_server_rewrite,
                          a->server_rewrite_by_lua, 0);
    if (a->rewrite_by_lua && a->loc->rewrites_by_lua_first && a->loc->kind != LOCATION_LEVEL)
        location_add_step(a->loc, PHASE_REWRITE, lua_step_rewrite, a->rewrite_by_lua, 0);
}

bool directives_end_sockets(const struct apply *a, const struct config_node *block,
                            struct config_error *e)
{
    struct buf why = BUF_EMPTY;
    bool is_fine = socket_tls_end(a->conf, a->loc, !a->vhost, &why);

    if (!is_fine)
        config_node_error(block, e, "%s", buf_cstr(&why));
    buf_free(&why);
    return is_fine;
}

bool directives_apply_location(const struct apply *outer, const struct config_node *block,
                               struct location *loc, struct vhost *vhost, struct config_error *e)
{
    struct rewrite_block rewrite = {.loc = loc};
    struct slice why;
    struct apply a = {
        .conf = outer->conf,
        .loc = loc,
        .vhost = vhost,
        .server_rewrite_by_lua = outer->server_rewrite_by_lua,
        .rewrite_by_lua = outer->rewrite_by_lua,
        .precontent_by_lua = outer->precontent_by_lua,
        .middleware = outer->middleware,
        .n_middleware = outer->n_middleware,
        .rewrite = &rewrite,
    };

    rewrite.phase = loc->kind == LOCATION_LEVEL ? PHASE_SERVER_REWRITE : PHASE_REWRITE;
    if (!apply_pass(&a, block, false, e))
        return false;
    header_filter_end_level(loc);
    begin_lua(&a);
    if (!apply_pass(&a, block, true, e))
        return false;
    rewrite_block_end(&rewrite);
    directives_end_lua(&a);
    if (!directives_end_sockets(&a, block, e))
        return false;
    return referers_end(loc, &why) || config_node_error(block, e, SLICE_FMT, SLICE_ARG(why));
}

struct location *directives_new_location(const struct apply *a, enum location_kind kind,
                                         struct slice name)
{
    struct location *l = location_new_child(a->loc, kind, name);

    l->steps[PHASE_SERVER_REWRITE] = l->steps[PHASE_REWRITE] = (struct step_list){0};
    return l;
}

bool directives_script(const struct apply *a, const struct config_node *node, struct slice text,
                       struct script **out, struct config_error *e)
{
    struct slice why;

    if (script_compile(a->loc->variables, text, out, &why))
        return true;
    return config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
}

const struct variable *directives_variable(const struct apply *a, const struct config_node *node,
                                           struct slice word, struct config_error *e)
{
    const struct variable *var;

    if (word.n < 2 || word.p[0] != '$') {
        config_node_error(node, e, "invalid variable name \"%.200s\"", word.p);
        return NULL;
    }
    var = variable_define(a->loc->variables, slice_from(word, 1));
    if (!var)
        config_node_error(node, e, "the duplicate \"%.200s\" variable", word.p + 1);
    return var;
}

const struct variable *directives_define(const struct apply *a, const struct config_node *node,
                                         struct slice word, variable_get_fn get, const void *data,
                                         struct config_error *e)
{
    const struct variable *var;

    if (word.n < 2 || word.p[0] != '$') {
        config_node_error(node, e, "invalid variable name \"%.200s\"", word.p);
        return NULL;
    }
    var = variable_define_getter(a->loc->variables, slice_from(word, 1), get, data);
    if (var && var->data == data)
        return var;
    config_node_error(node, e, "the duplicate \"%.200s\" variable", word.p + 1);
    return NULL;
}

bool directives_local_address(const struct apply *a, const struct config_node *node,
                              struct script **out, struct config_error *e)
{
    struct addr addr;

    if (!directives_script(a, node, node->args[0], out, e))
        return false;
    return !script_is_constant(*out) || slice_eq(node->args[0], SLICE("off")) ||
           (!addr_parse(node->args[0], 0, &addr) && !addr_is_unix(&addr)) ||
           config_node_error(node, e, "invalid address \"%.200s\"", node->args[0].p);
}

bool directives_named(struct slice word, const char *name, struct slice *rest)
{
    struct slice key = slice_str(name);

    if (!slice_has_prefix(word, key))
        return false;
    *rest = slice_from(word, key.n);
    return true;
}

bool directives_range(const struct config_node *node, struct slice text, struct addr_range *out)
{
    bool is_loose;

    if (!addr_range_parse(text, out, &is_loose))
        return false;
    if (is_loose)
        log_write(NULL, LOG_WARN, "low address bits of " SLICE_FMT " are meaningless in %s:%u",
                  SLICE_ARG(text), node->file, node->line);
    return true;
}

static bool has_address(const struct addr *all, size_t n, const struct addr *a)
{
    while (n > 0)
        if (addr_eq(&all[--n], a))
            return true;
    return false;
}

size_t directives_addresses(struct app_conf *conf, struct slice name, struct addr **out)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *all;
    size_t n = 0;

    if (name.n == 0 || getaddrinfo(pool_printf(&conf->pool, SLICE_FMT, SLICE_ARG(name)).p, NULL,
                                   &hints, &all) != 0)
        return 0;
    for (const struct addrinfo *i = all; i; i = i->ai_next)
        n++;
    *out = pool_alloc(&conf->pool, n * sizeof(**out));
    n = 0;
    for (const struct addrinfo *i = all; i; i = i->ai_next) {
        struct addr one = {.len = i->ai_addrlen};

        memcpy(&one.storage, i->ai_addr, MIN(i->ai_addrlen, sizeof(one.storage)));
        if (!has_address(*out, n, &one))
            (*out)[n++] = one;
    }
    freeaddrinfo(all);
    return n;
}

static void free_types(void *arg)
{
    map_deinit(arg);
}

struct media_set directives_media_set(const struct apply *a, const struct config_node *node)
{
    struct map *types = pool_new(&a->conf->pool, struct map);
    struct media_set set = {.names = types};

    map_init(types, true);
    pool_on_reset(&a->conf->pool, free_types, types);
    for (size_t i = 0; i < node->n_args; i++) {
        set.has_all |= slice_eq(node->args[i], SLICE("*"));
        map_set(types, node->args[i], types);
    }
    return set;
}

static enum step_result redirect_to_slash(struct visit *v, const struct step *s)
{
    UNUSED(s);
    return static_redirect_to_dir(v);
}

bool directives_claim(struct apply *a, enum apply_slot slot, const struct config_node *node,
                      struct config_error *e)
{
    const struct config_node *other = a->own[slot];

    if (other) {
        config_node_error(node, e, "\"%s\" directive is duplicate", node->name.p);
        return config_error_hint(e, "\"%s\" is in %s:%u", other->name.p, other->file, other->line);
    }
    a->own[slot] = node;
    return true;
}

void directives_pass_on(struct apply *a, const struct config_node *node, step_fn run,
                        const void *arg)
{
    a->own[SLOT_CONTENT] = node;
    a->loc->without_slash = redirect_to_slash;
    a->loc->steps[PHASE_CONTENT] = (struct step_list){0};
    location_add_step(a->loc, PHASE_CONTENT, run, arg, node->line);
}

void directives_add_folder(struct app_conf *conf, struct slice path, const struct config_node *node)
{
    conf->temp_paths = pool_grow(&conf->pool, conf->temp_paths, conf->n_temp_paths,
                                 &conf->temp_paths_size, sizeof(*conf->temp_paths));
    conf->temp_paths[conf->n_temp_paths++] = (struct temp_path){path, node};
}

const char *directives_temp_path(struct apply *a, const struct config_node *node)
{
    char *path = conf_path(a->conf, node->args[0]);

    directives_add_folder(a->conf, slice_str(path), node);
    return path;
}

bool directives_put_flag(void *base, const struct config_node *node, struct config_error *e)
{
    return config_arg_flag(node, 0, (bool *)((char *)base + node->schema->id), e);
}

bool directives_put_time(void *base, const struct config_node *node, struct config_error *e)
{
    int64_t value;

    if (!config_arg_time(node, 0, &value, e))
        return false;
    *(uint64_t *)((char *)base + node->schema->id) = (uint64_t)value;
    return true;
}

bool directives_put_size(void *base, const struct config_node *node, struct config_error *e)
{
    int64_t value;

    if (!config_arg_size(node, 0, &value, e))
        return false;
    *(size_t *)((char *)base + node->schema->id) = (size_t)value;
    return true;
}

bool directives_put_number(void *base, const struct config_node *node, struct config_error *e)
{
    int64_t value;

    if (!config_arg_int(node, 0, &value, e))
        return false;
    *(unsigned *)((char *)base + node->schema->id) = (unsigned)MIN(value, (int64_t)UINT32_MAX);
    return true;
}

static void *field(void *ctx, const struct config_node *node)
{
    struct apply *a = ctx;

    return (char *)a->loc + node->schema->id;
}

bool directives_set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(((struct apply *)ctx)->loc, node, e);
}

bool directives_set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(((struct apply *)ctx)->loc, node, e);
}

bool directives_set_size(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_size(((struct apply *)ctx)->loc, node, e);
}

bool directives_set_bytes(void *ctx, const struct config_node *node, struct config_error *e)
{
    return config_arg_size(node, 0, field(ctx, node), e);
}

bool directives_set_number(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_number(((struct apply *)ctx)->loc, node, e);
}

bool directives_set_choice(void *ctx, const struct config_node *node, struct config_error *e)
{
    int choice;

    if (!config_arg_enum(node, 0, node->schema->choices, &choice, e))
        return false;
    *(unsigned *)field(ctx, node) = (unsigned)choice;
    return true;
}

bool directives_set_conf_number(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_number(((struct apply *)ctx)->conf, node, e);
}

bool directives_set_word(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    *(struct slice *)field(ctx, node) = node->args[0];
    return true;
}

bool directives_file_mode(const struct config_node *node, mode_t *out, struct config_error *e)
{
    static const struct {
        const char *who;
        mode_t reads, writes;
    } all[] = {{"user", 0400, 0200}, {"group", 0040, 0020}, {"all", 0444, 0222}};

    *out = 0600;
    for (size_t i = 0; i < node->n_args; i++) {
        struct slice what = node->args[i], who = slice_cut(&what, ':');
        bool writes = slice_eq(what, SLICE("rw"));
        size_t k = 0;

        while (k < ARRAY_LEN(all) && !slice_eq(slice_str(all[k].who), who))
            k++;
        if (k == ARRAY_LEN(all) || !(writes || slice_eq(what, SLICE("r"))))
            return config_node_error(node, e, "invalid value \"%.200s\"", node->args[i].p);
        *out |= all[k].reads | (writes ? all[k].writes : 0);
    }
    return true;
}
