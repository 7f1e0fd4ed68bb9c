/* What is done to bodies, and said of them: sub_filter, charset, mirror, what is added. */
#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "app/filters/addition.h"
#include "app/filters/charset.h"
#include "app/filters/sub_filter.h"
#include "app/mirror.h"

#define GROUP         "Response bodies"
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

static struct sub_conf *own_sub(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, sub), sizeof(struct sub_conf),
                        &sub_defaults);
}

/* The first of a block takes the place of those inherited. */
static bool add_sub(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    const struct location *parent = a->loc->parent;
    struct sub_conf *c = own_sub(a);
    struct sub_pair *pair = pool_new(&a->conf->pool, struct sub_pair), **at;

    if (node->args[0].n == 0)
        return config_node_error(node, e, "empty search pattern");
    if (!directives_script(a, node, node->args[0], &pair->from, e) ||
        !directives_script(a, node, node->args[1], &pair->to, e))
        return false;
    if (parent && parent->sub && c->pairs == parent->sub->pairs)
        c->pairs = NULL;
    for (at = &c->pairs; *at; at = &(*at)->next)
        ;
    *at = pair;
    return true;
}

static bool set_sub_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own_sub(ctx), node, e);
}

static bool set_sub_types(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    own_sub(ctx)->types = directives_media_set(ctx, node);
    return true;
}

static struct charset_conf *own_charset(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, charset), sizeof(struct charset_conf),
                        &charset_defaults);
}

static bool set_charset(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_script(ctx, node, node->args[0], &own_charset(ctx)->name, e);
}

static bool set_override(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own_charset(ctx), node, e);
}

static bool set_charset_types(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct charset_conf *c = own_charset(ctx);

    UNUSED(e);
    c->types = directives_media_set(ctx, node);
    c->has_types = true;
    return true;
}

static struct mirror_conf *own_mirror(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, mirror), sizeof(struct mirror_conf),
                        &mirror_defaults);
}

static bool add_mirror(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    const struct location *parent = a->loc->parent;
    struct mirror_conf *c = own_mirror(a);
    struct mirror_target *target = pool_new(&a->conf->pool, struct mirror_target), **at;
    bool is_off = slice_eq(node->args[0], SLICE("off"));

    if (parent && parent->mirror && c->targets == parent->mirror->targets)
        c->targets = NULL;
    if (is_off || c->is_off) {
        if (c->targets || (c->is_off && !(parent && parent->mirror && parent->mirror->is_off)))
            return config_node_error(node, e, "\"mirror\" directive is duplicate");
        c->is_off = is_off;
        if (is_off)
            return true;
    }
    target->path = node->args[0];
    for (at = &c->targets; *at; at = &(*at)->next)
        ;
    *at = target;
    return true;
}

static bool set_mirror_body(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own_mirror(ctx), node, e);
}

static struct addition_conf *own_addition(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, addition), sizeof(struct addition_conf),
                        &addition_defaults);
}

/* `id` tells which of the two it is. */
static bool set_added(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    own_addition(ctx)->paths[node->schema->id] = node->args[0];
    return true;
}

static bool set_addition_types(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    own_addition(ctx)->types = directives_media_set(ctx, node);
    return true;
}

#define TYPES(text, value, about, fn)                                                              \
    {                                                                                              \
        .name = (text), .contexts = CTX_HTTP_ALL, .min_args = 1, .max_args = ARGS_MANY,            \
        .group = GROUP, .syntax = text " type …;", .default_text = text " " value ";",             \
        .doc = (about), .apply = (fn)                                                              \
    }

static const struct directive table[] = {
    {.name = "sub_filter",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "sub_filter string replacement;",
     .doc = "Replaces a string in bodies of these types, whatever its case and wherever the body "
            "is cut; both may hold variables. Of several that begin at the same place the first "
            "one counts. Bodies that are compressed are not looked at, nor are parts of files; "
            "ranges are not to be had. Inherited when the block has none of its own.",
     .apply = add_sub},
    DIRECTIVE_FLAG("sub_filter_once", CTX_HTTP_ALL, "on", offsetof(struct sub_conf, is_once),
                   "Each string is replaced the first time only.", set_sub_flag),
    DIRECTIVE_FLAG(
        "sub_filter_last_modified", CTX_HTTP_ALL, "off", offsetof(struct sub_conf, keeps_modified),
        "`Last-Modified` stays, and `ETag` as a weak one; else they are taken away.", set_sub_flag),
    TYPES("sub_filter_types", "text/html",
          "Media types whose bodies are changed besides `text/html`; `*` is all of them.",
          set_sub_types),
    {.name = "mirror",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "mirror path | off;",
     .doc = "Makes the same request to that location of this server, too, which usually passes it "
            "on; nobody waits for the answer, and it is dropped. Inherited when the block has none "
            "of its own.",
     .apply = add_mirror},
    DIRECTIVE_FLAG(
        "mirror_request_body", CTX_HTTP_ALL, "on", offsetof(struct mirror_conf, has_body),
        "With the body, which is read whole before the request goes on.", set_mirror_body),
    DIRECTIVE_TEXT(
        "add_before_body", CTX_HTTP_ALL, "path", 0,
        "Puts what that location of this server answers before the body of answers with status "
        "200; an empty path stands for none. It is asked before the content is made, and kept "
        "in memory; unless it answers 200 nothing is added, and the log tells. Bodies that are "
        "compressed, and what `return` answers, are left alone.",
        set_added),
    DIRECTIVE_TEXT("add_after_body", CTX_HTTP_ALL, "path", 1, "The same behind the body.",
                   set_added),
    TYPES("addition_types", "text/html",
          "Media types of bodies that are added to, besides `text/html`; `*` is all of them.",
          set_addition_types),
    DIRECTIVE_SETTING("charset", CTX_LEVELS_IF, ARG_WORD, "name | off", "off", 0,
                      "Says in `Content-Type` which encoding a body has, unless that is said "
                      "already. The name may hold variables.",
                      set_charset),
    DIRECTIVE_FLAG("override_charset", CTX_LEVELS_IF, "off",
                   offsetof(struct charset_conf, overrides),
                   "What a body is said to have already gives way to `charset`.", set_override),
    TYPES("charset_types",
          "text/html text/xml text/plain text/vnd.wap.wml application/javascript "
          "application/rss+xml",
          "Media types that `charset` is for, besides `text/html`; `*` is all of them.",
          set_charset_types),
};

void directives_bodies_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
