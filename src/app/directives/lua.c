/* Lua in the configuration: *_by_lua in its three forms, handler, middleware, and the lua_*
 * settings of locations; those of the machine are in lua_machine.c.
 *
 * A chunk is only described here (struct lua_code); it is compiled by the Lua machine when it first
 * runs. To add a place where Lua can run: a struct place, its three forms in the table, and where
 * its code goes in install(). */
#include "app/directives/directives.h"

#include "app/directives/proxy.h"
#include "app/directives/tables.h"
#include "app/directives/upstream.h"
#include "app/lua/lua_step.h"
#include "app/lua/set_by_lua.h"
#include "app/proxy/proxy.h"
#include "app/proxy/upstream.h"
#include "app/rewrite.h"
#include "app/tls/tls_conf.h"
#include "base/num.h"

#define GROUP         "Lua"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)
#define CTX_TOPS      (CTX_HTTP | CTX_STREAM)
#define CTX_ROUTES    (CTX_LOCATION | CTX_IF_LOCATION)

/* LuaJIT shows this much of a chunk's name; of that `=(:)` are ours. */
enum { CHUNK_NAME_MOST = 60 - 4 };

#define CTX_UPSTREAM_TLS (CTX_LOCATION | CTX_IF_LOCATION | CTX_STREAM_SERVER)
#define CTX_REWRITE      (CTX_SERVER | CTX_LOCATION | CTX_IF_SERVER | CTX_IF_LOCATION)

struct place {
    const char *directive;
    int slot;     /* enum apply_slot; -1: it is of the whole server; OF_TLS: of handshakes;
                     OF_PROXY: of those with servers */
    size_t field; /* then: where in struct app_conf, of http and behind it of stream, in struct
                     tls_conf, or in struct proxy_tls, the code goes */
};

enum { OF_TLS = -2, OF_PROXY = -3 };

/* The file name as it is known below the directory of the main file, its front cut when the whole
 * would be too long. */
static struct slice chunk_name(struct app_conf *conf, const struct config_node *node,
                               const char *tag)
{
    struct slice file = slice_str(node->file), dir = slice_str(conf->tree->dir);
    char line[16];
    size_t used = strlen(tag) + num_format(line, node->end_line);
    size_t room = used + 3 < CHUNK_NAME_MOST ? CHUNK_NAME_MOST - used : 3;
    const char *cut = "";

    if (slice_has_suffix(file, SLICE("/nginx.conf")))
        file = slice_from(file, file.n - strlen("nginx.conf"));
    else if (slice_has_prefix(file, dir))
        file = slice_from(file, dir.n);
    if (file.n > room) {
        file = slice_from(file, file.n - room + 3);
        cut = "...";
    }
    return pool_printf(&conf->pool, "=%s(%s" SLICE_FMT ":%u)", tag, cut, SLICE_ARG(file),
                       node->end_line);
}

static struct lua_code *new_code(struct app_conf *conf, enum lua_code_kind kind,
                                 const char *directive)
{
    struct lua_code *code = pool_new(&conf->pool, struct lua_code);

    code->kind = kind;
    code->directive = directive;
    code->text = code->chunk_name = SLICE_EMPTY;
    code->conf = conf;
    return code;
}

static void append(struct lua_code **list, struct lua_code *code, const struct config_node *node)
{
    code->node = node;
    while (*list)
        list = &(*list)->next;
    *list = code;
}

/* The code that `node` means, whichever form it has: in the block, or in the argument `index`. NULL
 * with `e` filled. */
static struct lua_code *read_code(struct apply *a, const struct config_node *node,
                                  const struct place *place, unsigned index, struct config_error *e)
{
    const char *directive = place->directive;
    bool is_file = slice_has_suffix(node->name, SLICE("_file"));
    struct slice text = node->content == CONFIG_LUA ? node->lua : node->args[index];
    struct lua_code *code = new_code(a->conf, is_file ? LUA_CODE_FILE : LUA_CODE_INLINE, directive);

    if (text.n == 0) {
        config_node_error(node, e, "invalid location config: no runnable Lua code");
        return NULL;
    }
    if (is_file) {
        code->chunk_name = pool_printf(&a->conf->pool, "@" SLICE_FMT, SLICE_ARG(text));
        if (!directives_script(a, node, text, &code->path, e))
            return NULL;
        if (script_is_constant(code->path)) {
            append(&a->conf->inlines, code, node);
            lua_code_remark_file(code);
        }
        return code;
    }
    code->text = lua_code_text(text);
    /* in stream{}, only phases of sessions are named with their line, as in its own module */
    code->chunk_name = place->slot < 0 && directives_is_stream(a)
                           ? pool_printf(&a->conf->pool, "=%s", directive)
                           : chunk_name(a->conf, node, directive);
    append(&a->conf->inlines, code, node);
    return code;
}

static void set_content(struct location *l, step_fn run, struct lua_code *code, unsigned line)
{
    l->steps[PHASE_CONTENT] = (struct step_list){0};
    location_add_step(l, PHASE_CONTENT, run, code, line);
}

static void install(struct apply *a, enum apply_slot slot, struct lua_code *code, unsigned line)
{
    struct location *l = a->loc;

    switch (slot) {
    case SLOT_REWRITE:
        a->rewrite_by_lua = code;
        break;
    case SLOT_SERVER_REWRITE:
        a->server_rewrite_by_lua = code;
        break;
    case SLOT_ACCESS:
        location_add_step(l, PHASE_ACCESS, lua_step_access, code, line);
        break;
    case SLOT_PREREAD:
        location_add_step(l, PHASE_ACCESS, lua_step_preread, code, line);
        break;
    case SLOT_PRECONTENT:
        a->precontent_by_lua = code;
        break;
    case SLOT_CONTENT:
        set_content(l, directives_is_stream(a) ? lua_step_session : lua_step_content, code, line);
        break;
    case SLOT_HEADER_FILTER:
        l->header_filter = code;
        break;
    case SLOT_BODY_FILTER:
        l->body_filter = code;
        break;
    case SLOT_LOG:
        l->log_by_lua = code;
        l->http.ends_when_sent = code != NULL;
        break;
    case SLOT_COUNT:
        break;
    }
}

static bool apply_by_lua(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    const struct place *place = node->schema->extra;
    struct lua_code *code = read_code(a, node, place, 0, e);
    const struct lua_code **field;

    if (!code)
        return false;
    if (place->slot >= 0) {
        if (!directives_claim(a, (enum apply_slot)place->slot, node, e))
            return false;
        install(a, (enum apply_slot)place->slot, code, node->line);
        return true;
    }
    if (place->slot == OF_TLS) {
        field = (const struct lua_code **)((char *)tls_conf_own(a->conf, a->loc) + place->field);
        *field = code;
        return true;
    }
    if (place->slot == OF_PROXY) {
        struct proxy_tls *tls = proxy_tls_own(a->conf, proxy_conf_own(a->conf, a->loc, PROXY_HTTP));

        field = (const struct lua_code **)((char *)tls + place->field);
        *field = code;
        return directives_proxy_check(a, node, e);
    }
    field = (const struct lua_code **)((char *)a->conf + place->field);
    field += directives_is_stream(a) ? CONF_STREAM : CONF_HTTP;
    if (*field)
        return config_node_error(node, e, "\"%s\" directive is duplicate", node->name.p);
    *field = code;
    return true;
}

/* Of the block that it stands in, whose other ways to choose it replaces. */
static bool apply_balancer(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const struct place place = {"balancer_by_lua", -1, 0};
    const struct apply_upstream *a = ctx;
    struct lua_code *code = read_code(a->apply, node, &place, 0, e);

    if (!code)
        return false;
    if (a->u->balancer)
        return config_node_error(node, e, "\"%s\" directive is duplicate", node->name.p);
    a->u->balancer = code;
    return true;
}

static bool read_set_args(struct apply *a, const struct config_node *node, struct set_by_lua *set,
                          struct config_error *e)
{
    size_t first = node->content == CONFIG_LUA ? 1 : 2;

    set->n_args = (unsigned)(node->n_args - first);
    set->args = pool_alloc(&a->conf->pool, set->n_args * sizeof(*set->args));
    for (unsigned i = 0; i < set->n_args; i++)
        if (!directives_script(a, node, node->args[first + i], &set->args[i], e))
            return false;
    return true;
}

static bool apply_set_by_lua(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const struct place place = {"set_by_lua", 0, 0};
    struct apply *a = ctx;
    struct set_by_lua *set = pool_new(&a->conf->pool, struct set_by_lua);

    set->variable = directives_variable(a, node, node->args[0], e);
    if (!set->variable || !read_set_args(a, node, set, e))
        return false;
    set->code = read_code(a, node, &place, 1, e);
    if (!set->code)
        return false;
    rewrite_block_add(a->rewrite, set_by_lua_step, set, node->line);
    return true;
}

/* "app.users" or "app.users.list": words of letters, digits, _, - joined by dots. */
static bool is_module_name(struct slice s)
{
    char last = '.';

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
                       (c >= '0' && c <= '9');

        if (!is_word && (c != '.' || last == '.'))
            return false;
        last = c;
    }
    return last != '.';
}

static bool check_module(const struct config_node *node, size_t index, struct config_error *e)
{
    if (is_module_name(node->args[index]))
        return true;
    config_node_error(node, e, "invalid module name \"%.200s\"", node->args[index].p);
    return config_error_hint(e,
                             "as for require: \"app.users\", or \"app.users.list\" for a function");
}

static bool apply_handler(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct lua_code *code;

    if (!check_module(node, 0, e) || !directives_claim(a, SLOT_CONTENT, node, e))
        return false;
    if (directives_is_stream(a)) {
        code = new_code(a->conf, LUA_CODE_SESSION, "handler");
        set_content(a->loc, lua_step_session, code, node->line);
    } else {
        a->handler = code = new_code(a->conf, LUA_CODE_HANDLER, "handler");
        set_content(a->loc, lua_step_handler, code, node->line);
    }
    code->text = node->args[0];
    append(&a->conf->handlers, code, node);
    return true;
}

static bool apply_middleware(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    bool is_off = node->n_args == 1 && slice_eq(node->args[0], SLICE("off"));
    unsigned n = a->has_own_middleware ? a->n_middleware : 0;
    struct slice *list;

    for (size_t i = 0; i < node->n_args; i++)
        if (!check_module(node, i, e))
            return false;
    list = pool_alloc(&a->conf->pool, (n + node->n_args) * sizeof(*list));
    if (n > 0)
        memcpy(list, a->middleware, n * sizeof(*list));
    if (!is_off)
        memcpy(list + n, node->args, node->n_args * sizeof(*list));
    a->middleware = list;
    a->n_middleware = is_off ? 0 : n + (unsigned)node->n_args;
    a->has_own_middleware = true;
    return true;
}

#define CONF_FIELD(member) offsetof(struct app_conf, member)

static const struct place init = {"init_by_lua", -1, CONF_FIELD(init_by_lua)};
static const struct place init_worker = {"init_worker_by_lua", -1, CONF_FIELD(init_worker_by_lua)};
static const struct place exit_worker = {"exit_worker_by_lua", -1, CONF_FIELD(exit_worker_by_lua)};
static const struct place client_hello = {"ssl_client_hello_by_lua", OF_TLS,
                                          offsetof(struct tls_conf, hello_by_lua)};
static const struct place certificate = {"ssl_certificate_by_lua", OF_TLS,
                                         offsetof(struct tls_conf, certificate_by_lua)};
static const struct place session_fetch = {"ssl_session_fetch_by_lua", OF_TLS,
                                           offsetof(struct tls_conf, session_fetch_by_lua)};
static const struct place session_store = {"ssl_session_store_by_lua", OF_TLS,
                                           offsetof(struct tls_conf, session_store_by_lua)};
static const struct place proxy_certificate = {"proxy_ssl_certificate_by_lua", OF_PROXY,
                                               offsetof(struct proxy_tls, certificate_by_lua)};
static const struct place proxy_verify = {"proxy_ssl_verify_by_lua", OF_PROXY,
                                          offsetof(struct proxy_tls, verify_by_lua)};
static const struct place rewrite = {"rewrite_by_lua", SLOT_REWRITE, 0};
static const struct place server_rewrite = {"server_rewrite_by_lua", SLOT_SERVER_REWRITE, 0};
static const struct place preread = {"preread_by_lua", SLOT_PREREAD, 0};
static const struct place access_place = {"access_by_lua", SLOT_ACCESS, 0};
static const struct place precontent = {"precontent_by_lua", SLOT_PRECONTENT, 0};
static const struct place content = {"content_by_lua", SLOT_CONTENT, 0};
static const struct place header_filter = {"header_filter_by_lua", SLOT_HEADER_FILTER, 0};
static const struct place body_filter = {"body_filter_by_lua", SLOT_BODY_FILTER, 0};
static const struct place log_place = {"log_by_lua", SLOT_LOG, 0};

#define BY_LUA(text, where, place, about)                                                          \
    {.name = text "_block",                                                                        \
     .contexts = (where),                                                                          \
     .flags = DIRECTIVE_LUA,                                                                       \
     .group = GROUP,                                                                               \
     .syntax = text "_block { Lua }",                                                              \
     .doc = (about),                                                                               \
     .extra = &(place),                                                                            \
     .apply = apply_by_lua},                                                                       \
        {.name = text "_file",                                                                     \
         .contexts = (where),                                                                      \
         .min_args = 1,                                                                            \
         .max_args = 1,                                                                            \
         .group = GROUP,                                                                           \
         .syntax = text "_file path;",                                                             \
         .doc = "As `" text "_block`, with the Lua in a file. Relative to the prefix.",            \
         .extra = &(place),                                                                        \
         .apply = apply_by_lua},                                                                   \
    {                                                                                              \
        .name = text, .contexts = (where), .min_args = 1, .max_args = 1, .group = GROUP,           \
        .syntax = text " string;", .doc = "As `" text "_block`, with the Lua in a string.",        \
        .extra = &(place), .apply = apply_by_lua                                                   \
    }

#define BALANCER(form, flag, args, syntax_, about)                                                 \
    {                                                                                              \
        .name = "balancer_by_lua" form, .contexts = CTX_UPSTREAM | CTX_STREAM_UPSTREAM,            \
        .flags = (flag), .min_args = (args), .max_args = (args), .group = GROUP,                   \
        .syntax = "balancer_by_lua" form " " syntax_, .doc = (about), .apply = apply_balancer      \
    }

#define SET_BY_LUA(form, flag, least, most, args, about)                                           \
    {                                                                                              \
        .name = "set_by_lua" form, .contexts = CTX_REWRITE, .flags = DIRECTIVE_REPEATS | (flag),   \
        .min_args = (least), .max_args = (most), .group = GROUP,                                   \
        .syntax = "set_by_lua" form " $variable " args, .doc = (about),                            \
        .extra = directives_ordered, .apply = apply_set_by_lua                                     \
    }

#define FLAG(text, member, value, about)                                                           \
    DIRECTIVE_FLAG(text, CTX_LEVELS_IF, value, offsetof(struct location, member), about,           \
                   directives_set_flag)

static const struct directive table[] = {
    {.name = "handler",
     .contexts = CTX_ROUTES | CTX_STREAM_SERVER,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "handler module[.function];",
     .doc = "The location is answered by a Lua function `function(req) → response`: the module "
            "itself if it is a function, or the function of that name in it. In `stream` each "
            "connection is served by `function(stream, info)`, as in `perilune.tcp`. Loaded when a "
            "worker starts; `-t` tells when it cannot be.",
     .apply = apply_handler},
    {.name = "middleware",
     .contexts = CTX_LEVELS_IF,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "middleware module[.function] … | off;",
     .doc = "Functions `function(handler) → handler` that are wrapped around `handler`, the first "
            "one outermost. Inherited when the block has none of its own; `off` for none.",
     .apply = apply_middleware},
    BY_LUA("init_by_lua", CTX_TOPS, init,
           "Runs when the configuration is loaded, before there are workers: that of `http`, then "
           "that of `stream`, in the one machine that serves both."),
    BY_LUA("init_worker_by_lua", CTX_TOPS, init_worker, "Runs when a worker starts."),
    BY_LUA("exit_worker_by_lua", CTX_TOPS, exit_worker, "Runs when a worker ends."),
    SET_BY_LUA("_block", DIRECTIVE_LUA, 1, 1, "{ Lua }",
               "Sets a variable, as `set` does and in its order, to what the Lua returns. Must not "
               "wait."),
    SET_BY_LUA("_file", 0, 2, ARGS_MANY, "path [$argument …];",
               "As `set_by_lua_block`, with the Lua in a file; the arguments are `ngx.arg[1]` …"),
    SET_BY_LUA("", 0, 2, ARGS_MANY, "string [$argument …];",
               "As `set_by_lua_file`, with the Lua in a string."),
    BY_LUA(
        "server_rewrite_by_lua", CTX_HTTP | CTX_SERVER, server_rewrite,
        "Runs before the location is chosen, and before `set`, `if`, `rewrite` and `return` of the "
        "server."),
    BY_LUA(
        "ssl_client_hello_by_lua", CTX_HTTP | CTX_SERVER | CTX_STREAM_ALL, client_hello,
        "Runs when the ClientHello of a handshake has come, before a server is chosen by its name; "
        "may wait. That of the default server of an address holds for all. `ngx.ssl.clienthello` "
        "tells what the client offers. `ngx.exit(ngx.ERROR)`, or a failure, refuses."),
    BY_LUA(
        "ssl_certificate_by_lua", CTX_HTTP | CTX_SERVER | CTX_STREAM_ALL, certificate,
        "Runs when a handshake needs a certificate; may wait. `ngx.ssl` sets one in place of the "
        "configured ones. Does not run when a session is resumed. `ngx.exit(ngx.ERROR)`, or a "
        "failure, refuses."),
    BY_LUA("ssl_session_fetch_by_lua", CTX_HTTP, session_fetch,
           "Runs when a client names a session that it wants to resume, not when it brings a "
           "ticket; may wait. `ngx.ssl.session` tells its name and takes the session. A failure "
           "leads to a full handshake."),
    BY_LUA("ssl_session_store_by_lua", CTX_HTTP, session_store,
           "Runs when a session was made that the client cannot keep itself in a ticket: "
           "`ngx.ssl.session` tells its name and its bytes. May wait; the handshake goes on "
           "meanwhile."),
    BY_LUA("proxy_ssl_certificate_by_lua", CTX_UPSTREAM_TLS, proxy_certificate,
           "Runs when a server that a request is passed on to over TLS asks for a certificate; may "
           "wait. `ngx.ssl.proxysslcert` sets one in place of the configured one. "
           "`ngx.exit(ngx.ERROR)`, "
           "or a failure, refuses. A connection in which Lua took part serves one request only."),
    BY_LUA("proxy_ssl_verify_by_lua", CTX_UPSTREAM_TLS, proxy_verify,
           "Runs when the certificate of such a server has been judged; may wait. "
           "`ngx.ssl.proxysslverify` tells the judgement and changes it, which counts where "
           "`proxy_ssl_verify` is on. `ngx.exit(ngx.ERROR)`, or a failure, refuses."),
    BALANCER(
        "_block", DIRECTIVE_LUA, 0, "{ Lua }",
        "Chooses the server of each attempt by `ngx.balancer`; where it does not, the servers of "
        "the block are chosen from. Must not wait."),
    BALANCER("_file", 0, 1, "path;", "As `balancer_by_lua_block`, with the Lua in a file."),
    BALANCER("", 0, 1, "string;", "As `balancer_by_lua_block`, with the Lua in a string."),
    BY_LUA("rewrite_by_lua", CTX_LEVELS_IF, rewrite,
           "Runs after `set`, `if`, `rewrite` and `return` of the location, wherever it stands."),
    BY_LUA("access_by_lua", CTX_LEVELS_IF, access_place,
           "Decides whether the request may go on: `ngx.exit(403)` ends it."),
    BY_LUA("preread_by_lua", CTX_STREAM_ALL, preread,
           "Runs before the content of a session: may `peek` at what the client sends, set "
           "variables, or end the session. Those of `ssl_preread` are there."),
    BY_LUA("precontent_by_lua", CTX_LEVELS_IF, precontent,
           "Runs before the answer is made, after `try_files`."),
    BY_LUA("content_by_lua", CTX_ROUTES | CTX_STREAM_SERVER, content,
           "Makes the answer, or is the session. Not inherited."),
    BY_LUA("header_filter_by_lua", CTX_LEVELS_IF, header_filter,
           "Runs before the head of the answer is sent; may change it, or replace the answer by "
           "the page of a status with `ngx.exit`; must not wait."),
    BY_LUA(
        "body_filter_by_lua", CTX_LEVELS_IF, body_filter,
        "Runs for each piece of the answer's body, which is `ngx.arg[1]`; `ngx.arg[2]` tells the "
        "last one. `return ngx.ERROR` cuts the answer. Must not wait."),
    BY_LUA("log_by_lua", CTX_LEVELS_IF | CTX_STREAM_ALL, log_place,
           "Runs when the request or session is over. Must not wait."),
    FLAG("lua_need_request_body", lua_need_request_body, "off",
         "Reads the request body before Lua of the rewrite, access and content phases runs."),
    FLAG("lua_use_default_type", lua_use_default_type, "on",
         "Answers of Lua that set no `Content-Type` get `default_type`."),
    FLAG("lua_http10_buffering", lua_http10_buffering, "on",
         "Answers of Lua to HTTP/1.0 requests are held back until they are complete, and get a "
         "`Content-Length`."),
    FLAG("lua_transform_underscores_in_response_headers", does_lua_change_underscores, "on",
         "`_` in a name of `ngx.header` means `-`."),
    DIRECTIVE_FLAG("lua_check_client_abort", CTX_LEVELS_IF | CTX_STREAM_ALL, "off",
                   offsetof(struct location, http.does_check_abort),
                   "Ends `*_by_lua` when the client has gone: in `stream`, and of `http` where Lua "
                   "has taken the connection by `ngx.req.socket(true)`, when it has ended its "
                   "side while nobody reads; a read says `client aborted`. `handler` of `http` "
                   "always ends then.",
                   directives_set_flag),
    DIRECTIVE_FLAG(
        "rewrite_by_lua_no_postpone", CTX_HTTP, "off",
        offsetof(struct location, rewrites_by_lua_first),
        "`rewrite_by_lua*` runs before `set`, `if`, `rewrite` and `return` of its location.",
        directives_set_flag),
    DIRECTIVE_FLAG("access_by_lua_no_postpone", CTX_HTTP, "off",
                   offsetof(struct location, is_access_by_lua_first),
                   "`access_by_lua*` runs before `allow`, `deny`, `auth_basic` and `auth_request`.",
                   directives_set_flag),
    DIRECTIVE_FLAG("precontent_by_lua_no_postpone", CTX_HTTP, "off",
                   offsetof(struct location, is_precontent_by_lua_first),
                   "`precontent_by_lua*` runs before `try_files` and `mirror` of its location.",
                   directives_set_flag),
};

void directives_lua_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
