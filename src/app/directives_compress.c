/* Compression of responses: gzip with nginx's directives, brotli and zstd with those of their usual
 * modules. `id` of a row is the coding it speaks of. */
#include "app/directives.h"

#include "app/compress.h"
#include "app/regex.h"

#define GROUP         "Compression"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

/* The settings of this very block: a copy of what it inherits, made by the first directive. */
static struct compress_conf *own(struct apply *a)
{
    struct location *l = a->loc;
    const struct compress_conf *inherited = l->parent ? l->parent->compress : NULL;

    if (!l->compress || l->compress == inherited) {
        l->compress = pool_new(&a->conf->pool, struct compress_conf);
        *l->compress = inherited ? *inherited : compress_conf_default;
    }
    return l->compress;
}

static struct compress_rule *rule_of(void *ctx, const struct config_node *node)
{
    return &own(ctx)->settings.rules[node->schema->id];
}

static bool set_on(void *ctx, const struct config_node *node, struct config_error *e)
{
    return config_arg_flag(node, 0, &rule_of(ctx, node)->is_on, e);
}

static bool set_level(void *ctx, const struct config_node *node, struct config_error *e)
{
    enum coding coding = (enum coding)node->schema->id;
    int least = coding_level_least(coding), most = coding_level_most(coding);
    int64_t level;

    if (!config_arg_int(node, 0, &level, e))
        return false;
    if (level < least || level > most)
        return config_node_error(node, e, "value must be between %d and %d", least, most);
    rule_of(ctx, node)->level = (int)level;
    return true;
}

static bool set_min_length(void *ctx, const struct config_node *node, struct config_error *e)
{
    return config_arg_size(node, 0, &rule_of(ctx, node)->min_length, e);
}

static void free_types(void *arg)
{
    map_deinit(arg);
}

static bool set_types(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct compress_rule *rule = rule_of(ctx, node);
    struct map *types = pool_new(&a->conf->pool, struct map);

    UNUSED(e);
    map_init(types, true);
    pool_on_reset(&a->conf->pool, free_types, types);
    rule->has_all_types = false;
    for (size_t i = 0; i < node->n_args; i++) {
        if (slice_eq(node->args[i], SLICE("*")))
            rule->has_all_types = true;
        map_set(types, node->args[i], rule);
    }
    rule->types = types;
    return true;
}

static bool set_http_version(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    own(ctx)->settings.takes_http10 = slice_eq(node->args[0], SLICE("1.0"));
    return true;
}

static bool set_vary(void *ctx, const struct config_node *node, struct config_error *e)
{
    return config_arg_flag(node, 0, &own(ctx)->settings.has_vary, e);
}

static bool set_proxied(void *ctx, const struct config_node *node, struct config_error *e)
{
    /* `off` first: its bit is none */
    static const char *const words[] = {"off",      "any",     "expired",          "no-cache",
                                        "no-store", "private", "no_last_modified", "no_etag",
                                        "auth",     NULL};
    unsigned proxied = 0;

    for (size_t i = 0; i < node->n_args; i++) {
        int word;

        if (!config_arg_enum(node, i, words, &word, e))
            return false;
        proxied |= word > 0 ? 1U << (word - 1) : 0;
    }
    own(ctx)->settings.proxied = proxied;
    return true;
}

static bool set_disable(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct pool *pool = &a->conf->pool;
    struct regex **list = pool_zalloc(pool, (node->n_args + 1) * sizeof(struct regex *));

    for (size_t i = 0; i < node->n_args; i++) {
        struct slice pattern = node->args[i], why;

        if (slice_eq(pattern, SLICE("msie6")))
            pattern = SLICE("MSIE [4-6]\\.");
        list[i] = regex_compile(pool, pattern, true, &why);
        if (!list[i])
            return config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
    }
    own(a)->disabled = list;
    return true;
}

static bool set_packed(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const char *const words[] = {"off", "on", "always", NULL};
    struct compress_conf *conf = own(ctx);
    int word;

    if (!config_arg_enum(node, 0, words, &word, e))
        return false;
    conf->packed[node->schema->id] = (enum packed)word;
    conf->has_packed = false;
    for (unsigned i = 0; i < CODING_COUNT; i++)
        conf->has_packed |= conf->packed[i] != PACKED_OFF;
    return true;
}

static bool set_gunzip(void *ctx, const struct config_node *node, struct config_error *e)
{
    return config_arg_flag(node, 0, &own(ctx)->has_gunzip, e);
}

static const char *const versions[] = {"1.0", "1.1", NULL};

static const struct directive table[] = {
    {.name = "gzip",
     .contexts = CTX_LEVELS_IF,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "gzip on | off;",
     .default_text = "gzip off;",
     .doc =
         "Compresses responses for clients that take gzip. A client that takes several codings "
         "gets the one it prefers (RFC 9110 section 12.5.3), and among equals brotli, zstd, gzip. "
         "Never compressed: responses without a body, to HEAD, with status 206, with a "
         "`Content-Encoding` or `Cache-Control: no-transform`. A strong `ETag` becomes a weak "
         "one. What a handler writes reaches the client at the end of the turn in which it was "
         "written, also when it is compressed.",
     .id = CODING_GZIP,
     .apply = set_on},
    {.name = "gzip_types",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "gzip_types type ...;",
     .default_text = "gzip_types text/html;",
     .doc = "Media types that are compressed besides `text/html`; `*` is all of them.",
     .id = CODING_GZIP,
     .apply = set_types},
    {.name = "gzip_min_length",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "gzip_min_length size;",
     .default_text = "gzip_min_length 20;",
     .doc = "Bodies that are known to be shorter (bytes) are left as they are.",
     .id = CODING_GZIP,
     .apply = set_min_length},
    {.name = "gzip_comp_level",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "gzip_comp_level number;",
     .default_text = "gzip_comp_level 1;",
     .doc = "From 1 (fast) to 9 (small).",
     .id = CODING_GZIP,
     .apply = set_level},
    {.name = "gzip_http_version",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_ENUM},
     .choices = versions,
     .group = GROUP,
     .syntax = "gzip_http_version 1.0 | 1.1;",
     .default_text = "gzip_http_version 1.1;",
     .doc = "The least version of a request whose response is compressed, in any coding.",
     .apply = set_http_version},
    {.name = "gzip_vary",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "gzip_vary on | off;",
     .default_text = "gzip_vary off;",
     .doc = "Adds `Vary: Accept-Encoding` to responses that are compressed, in any coding, or "
            "would be "
            "for another client.",
     .apply = set_vary},
    {.name = "gzip_proxied",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "gzip_proxied off | expired | no-cache | no-store | private | no_last_modified | "
               "no_etag | auth | any ...;",
     .default_text = "gzip_proxied off;",
     .doc =
         "Which responses to requests with a `Via` field are compressed, in any coding: those that "
         "caches will not keep (`expired`, `no-cache`, `no-store`, `private`), that lack a "
         "validator, whose request has `Authorization`, or all.",
     .apply = set_proxied},
    {.name = "gzip_disable",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "gzip_disable regex ...;",
     .doc = "No compression, in any coding, for a `User-Agent` that matches one of the expressions "
            "(case ignored). `msie6` stands for `MSIE [4-6]\\.`.",
     .apply = set_disable},
    {.name = "gzip_buffers",
     .contexts = CTX_LEVELS,
     .min_args = 2,
     .max_args = 2,
     .kinds = {ARG_NUMBER, ARG_SIZE},
     .group = "Accepted for compatibility",
     .syntax = "gzip_buffers number size;",
     .doc = "No effect: output is passed on as it comes."},
    {.name = "gzip_static",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .choices = (const char *const[]){"always", NULL},
     .group = GROUP,
     .syntax = "gzip_static on | off | always;",
     .default_text = "gzip_static off;",
     .doc =
         "Sends the file `page.html.gz` in place of `page.html` where it is there: to clients that "
         "take gzip (as `gzip_http_version`, `gzip_proxied` and `gzip_disable` say), with "
         "`always` to all. Of several codings the client's favourite is sent. Such a file has "
         "an `ETag` of its own, and ranges of it are ranges of what is compressed.",
     .id = CODING_GZIP,
     .apply = set_packed},
    {.name = "gunzip",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "gunzip on | off;",
     .default_text = "gunzip off;",
     .doc = "Decodes responses with a `Content-Encoding` that the client does not take: gzip, "
            "deflate, br and zstd. Parts (206) pass as they are.",
     .apply = set_gunzip},
    {.name = "gunzip_buffers",
     .contexts = CTX_LEVELS,
     .min_args = 2,
     .max_args = 2,
     .kinds = {ARG_NUMBER, ARG_SIZE},
     .group = "Accepted for compatibility",
     .syntax = "gunzip_buffers number size;",
     .doc = "No effect: output is passed on as it comes."},
    {.name = "brotli",
     .contexts = CTX_LEVELS_IF,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "brotli on | off;",
     .default_text = "brotli off;",
     .doc = "As `gzip`, in the coding `br` (RFC 7932).",
     .id = CODING_BROTLI,
     .apply = set_on},
    {.name = "brotli_types",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "brotli_types type ...;",
     .default_text = "brotli_types text/html;",
     .doc = "As `gzip_types`.",
     .id = CODING_BROTLI,
     .apply = set_types},
    {.name = "brotli_min_length",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "brotli_min_length size;",
     .default_text = "brotli_min_length 20;",
     .doc = "As `gzip_min_length`.",
     .id = CODING_BROTLI,
     .apply = set_min_length},
    {.name = "brotli_comp_level",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "brotli_comp_level number;",
     .default_text = "brotli_comp_level 4;",
     .doc = "From 0 (fast) to 11 (small).",
     .id = CODING_BROTLI,
     .apply = set_level},
    {.name = "brotli_static",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .choices = (const char *const[]){"always", NULL},
     .group = GROUP,
     .syntax = "brotli_static on | off | always;",
     .default_text = "brotli_static off;",
     .doc = "As `gzip_static`, with `page.html.br`.",
     .id = CODING_BROTLI,
     .apply = set_packed},
    {.name = "zstd",
     .contexts = CTX_LEVELS_IF,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "zstd on | off;",
     .default_text = "zstd off;",
     .doc = "As `gzip`, in the coding `zstd` (RFC 8878).",
     .id = CODING_ZSTD,
     .apply = set_on},
    {.name = "zstd_types",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "zstd_types type ...;",
     .default_text = "zstd_types text/html;",
     .doc = "As `gzip_types`.",
     .id = CODING_ZSTD,
     .apply = set_types},
    {.name = "zstd_min_length",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "zstd_min_length size;",
     .default_text = "zstd_min_length 20;",
     .doc = "As `gzip_min_length`.",
     .id = CODING_ZSTD,
     .apply = set_min_length},
    {.name = "zstd_comp_level",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "zstd_comp_level number;",
     .default_text = "zstd_comp_level 3;",
     .doc = "From 1 (fast) to 19 (small).",
     .id = CODING_ZSTD,
     .apply = set_level},
    {.name = "zstd_static",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .choices = (const char *const[]){"always", NULL},
     .group = GROUP,
     .syntax = "zstd_static on | off | always;",
     .default_text = "zstd_static off;",
     .doc = "As `gzip_static`, with `page.html.zst`.",
     .id = CODING_ZSTD,
     .apply = set_packed},
};

void directives_compress_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
