/* Compression of responses: gzip with nginx's directives, brotli and zstd with those of their usual
 * modules. `id` of a row is the coding it speaks of. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/filters/compress.h"
#include "app/variables/regex.h"

#define GROUP         "Compression"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

/* The settings of this very block: a copy of what it inherits, made by the first directive. */
static struct compress_conf *own(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, compress), sizeof(struct compress_conf),
                        &compress_conf_default);
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

static bool set_types(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    rule_of(ctx, node)->types = directives_media_set(ctx, node);
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
            pattern = SLICE("MSIE (?:[45]\\.|6\\.(?!.*SV1))");
        list[i] = regex_compile(pool, pattern, true, &why);
        if (!list[i])
            return config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
    }
    own(a)->disabled = list;
    return true;
}

static bool set_packed(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct compress_conf *conf = own(ctx);
    int word;

    if (!config_arg_enum(node, 0, node->schema->choices, &word, e))
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

/* One setting of one coding. */
#define RULE(word, where, most, kind, args, value, coding, about, fn)                              \
    {                                                                                              \
        .name = (word), .contexts = (where), .min_args = 1, .max_args = (most), .kinds = {(kind)}, \
        .group = GROUP, .syntax = word " " args ";", .default_text = word " " value ";",           \
        .doc = (about), .id = (coding), .apply = (fn)                                              \
    }
/* What can be said of each coding in the same way. */
#define CODING(word, coding, level, on, types, min_length, levels)                                 \
    RULE(word, CTX_LEVELS_IF, 1, ARG_FLAG, "on | off", "off", coding, on, set_on),                 \
        RULE(word "_types", CTX_LEVELS, ARGS_MANY, ARG_WORD, "type ...", "text/html", coding,      \
             types, set_types),                                                                    \
        RULE(word "_min_length", CTX_LEVELS, 1, ARG_SIZE, "size", "20", coding, min_length,        \
             set_min_length),                                                                      \
        RULE(word "_comp_level", CTX_LEVELS, 1, ARG_NUMBER, "number", level, coding, levels,       \
             set_level)
#define PACKED(word, coding, about)                                                                \
    DIRECTIVE_CHOICE(word, CTX_LEVELS, packed_words, "on | off | always", "off", coding, about,    \
                     set_packed)
#define SETTING(word, most, kind, words, args, value, about, fn)                                   \
    {                                                                                              \
        .name = (word), .contexts = CTX_LEVELS, .min_args = 1, .max_args = (most),                 \
        .kinds = {(kind)}, .choices = (words), .group = GROUP, .syntax = word " " args ";",        \
        .default_text = (value), .doc = (about), .apply = (fn)                                     \
    }
#define ACCEPTED(word)                                                                             \
    {                                                                                              \
        .name = (word), .contexts = CTX_LEVELS, .min_args = 2, .max_args = 2,                      \
        .kinds = {ARG_NUMBER, ARG_SIZE}, .group = SCHEMA_GROUP_ACCEPTED,                           \
        .syntax = word " number size;", .doc = "No effect: output is passed on as it comes."       \
    }

static const char *const versions[] = {"1.0", "1.1", NULL};
static const char *const packed_words[] = {"off", "on", "always", NULL};

static const struct directive table[] = {
    CODING("gzip", CODING_GZIP, "1",
           "Compresses responses for clients that take gzip. A client that takes several codings "
           "gets the one it prefers (RFC 9110 section 12.5.3), and among equals brotli, zstd, "
           "gzip; nothing for one that prefers `identity`. Never compressed: responses without a "
           "body, to HEAD, with status 206, with a "
           "`Content-Encoding` or `Cache-Control: no-transform`. A strong `ETag` becomes a weak "
           "one; a 304 has the `ETag` and the `Vary` that the answer would have. What a handler "
           "writes reaches the client at the end of the turn in which it was "
           "written, also when it is compressed.",
           "Media types that are compressed besides `text/html`; `*` is all of them.",
           "Bodies that are known to be shorter (bytes) are left as they are.",
           "From 1 (fast) to 9 (small)."),
    SETTING("gzip_http_version", 1, ARG_ENUM, versions, "1.0 | 1.1", "gzip_http_version 1.1;",
            "The least version of a request whose response is compressed, in any coding.",
            set_http_version),
    SETTING("gzip_vary", 1, ARG_FLAG, NULL, "on | off", "gzip_vary off;",
            "Adds `Vary: Accept-Encoding` to responses that are compressed, in any coding, or "
            "would be for another client.",
            set_vary),
    SETTING("gzip_proxied", ARGS_MANY, ARG_WORD, NULL,
            "off | expired | no-cache | no-store | private | no_last_modified | no_etag | auth | "
            "any ...",
            "gzip_proxied off;",
            "Which responses to requests with a `Via` field are compressed, in any coding: those "
            "that caches will not keep (`expired`, `no-cache`, `no-store`, `private`), that lack a "
            "validator, whose request has `Authorization`, or all.",
            set_proxied),
    SETTING("gzip_disable", ARGS_MANY, ARG_WORD, NULL, "regex ...", NULL,
            "No compression, in any coding, for a `User-Agent` that matches one of the expressions "
            "(case ignored). `msie6` stands for `MSIE [4-6]\\.` "
            "without `SV1` behind it.",
            set_disable),
    ACCEPTED("gzip_buffers"),
    PACKED("gzip_static", CODING_GZIP,
           "Sends the file `page.html.gz` in place of `page.html` where it is there: to clients "
           "that take gzip (as `gzip_http_version`, `gzip_proxied` and `gzip_disable` say), with "
           "`always` to all. Of several codings the client's favourite is sent. Such a file has "
           "an `ETag` of its own, and ranges of it are ranges of what is compressed."),
    SETTING("gunzip", 1, ARG_FLAG, NULL, "on | off", "gunzip off;",
            "Decodes responses with a `Content-Encoding` that the client does not take: gzip, "
            "deflate, br and zstd. Parts (206) pass as they are. What is decoded is a body as any "
            "other for `sub_filter`, `add_after_body` and `gzip`.",
            set_gunzip),
    ACCEPTED("gunzip_buffers"),
    CODING("brotli", CODING_BROTLI, "4", "As `gzip`, in the coding `br` (RFC 7932).",
           "As `gzip_types`.", "As `gzip_min_length`.", "From 0 (fast) to 11 (small)."),
    PACKED("brotli_static", CODING_BROTLI, "As `gzip_static`, with `page.html.br`."),
    CODING("zstd", CODING_ZSTD, "3", "As `gzip`, in the coding `zstd` (RFC 8878).",
           "As `gzip_types`.", "As `gzip_min_length`.", "From 1 (fast) to 19 (small)."),
    PACKED("zstd_static", CODING_ZSTD, "As `gzip_static`, with `page.html.zst`."),
};

void directives_compress_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
