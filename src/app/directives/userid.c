/* userid and its kin. */
#include "app/filters/userid.h"

#include <ctype.h>

#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "base/buf.h"
#include "base/num.h"
#include "proto/header.h"

#define GROUP "Identifiers of clients"

static struct userid_conf *own(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, userid), sizeof(struct userid_conf),
                        &userid_defaults);
}

static void watch_cookie(struct apply *a, struct userid_conf *c)
{
    c->cookie = variable_refer(
        a->loc->variables, pool_printf(&a->conf->pool, "cookie_" SLICE_FMT, SLICE_ARG(c->name)));
}

static bool set_mode(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct userid_conf *c = own(ctx);
    int mode;

    if (!config_arg_enum(node, 0, node->schema->choices, &mode, e))
        return false;
    c->mode = (enum userid_mode)mode;
    if (!c->cookie)
        watch_cookie(ctx, c);
    return true;
}

static bool set_name(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct userid_conf *c = own(ctx);

    if (!header_is_name(node->args[0]))
        return config_arg_refuse(node, node->args[0], e);
    c->name = node->args[0];
    watch_cookie(ctx, c);
    return true;
}

/* To the field at the row's id; `none` is nothing. */
static bool set_text(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct slice *at = (struct slice *)(void *)((char *)own(ctx) + node->schema->id);
    struct slice text = node->args[0];

    if (!header_is_value(text) || memchr(text.p, ';', text.n))
        return config_arg_refuse(node, text, e);
    *at = slice_eq(text, SLICE("none")) ? SLICE_EMPTY : text;
    return true;
}

static bool set_expires(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct userid_conf *c = own(ctx);
    int64_t ms;

    if (slice_eq(node->args[0], SLICE("max")))
        c->expires = USERID_FAR_EXPIRES;
    else if (slice_eq(node->args[0], SLICE("off")))
        c->expires = USERID_NEVER_EXPIRES;
    else if (num_parse_msec(node->args[0], &ms))
        c->expires = ms / 1000;
    else
        return config_node_error(node, e, "invalid value");
    return true;
}

static bool set_mark(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct slice word = node->args[0];

    if (slice_eq(word, SLICE("off"))) {
        own(ctx)->mark = 0;
        return true;
    }
    if (word.n != 1 || (word.p[0] != '=' && !isalnum((unsigned char)word.p[0])))
        return config_node_error(node, e,
                                 "value must be \"off\" or a single letter, digit or \"=\"");
    own(ctx)->mark = word.p[0];
    return true;
}

static bool set_service(void *ctx, const struct config_node *node, struct config_error *e)
{
    if (!num_parse_u63(node->args[0], &own(ctx)->service) || own(ctx)->service > UINT32_MAX)
        return config_node_error(node, e, "invalid number \"%.200s\"", node->args[0].p);
    return true;
}

static bool set_flags(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const char *const words[] = {"secure",       "httponly",      "samesite=strict",
                                        "samesite=lax", "samesite=none", NULL};
    struct apply *a = ctx;
    struct buf flags = BUF_EMPTY;
    bool is_off = node->n_args == 1 && slice_eq(node->args[0], SLICE("off"));

    for (size_t i = 0; !is_off && i < node->n_args; i++) {
        const char *const *w = words;

        while (*w && !slice_eq(node->args[i], slice_str(*w)))
            w++;
        if (!*w) {
            buf_free(&flags);
            return config_arg_refuse(node, node->args[i], e);
        }
        buf_printf(&flags, "; %s", *w);
    }
    own(a)->flags = pool_dup(&a->conf->pool, buf_slice(&flags));
    buf_free(&flags);
    return true;
}

/* As enum userid_mode. */
static const char *const modes[] = {"off", "log", "v1", "on", NULL};

#define TEXT(text, args, value, member, about)                                                     \
    {                                                                                              \
        .name = (text), .contexts = CTX_HTTP_ALL, .min_args = 1, .max_args = 1, .group = GROUP,    \
        .syntax = text " " args ";", .default_text = text " " value ";", .doc = (about),           \
        .id = (int)offsetof(struct userid_conf, member), .apply = set_text                         \
    }

static const struct directive table[] = {
    DIRECTIVE_CHOICE(
        "userid", CTX_HTTP_ALL, modes, "on | v1 | log | off", "off", 0,
        "Gives clients a cookie that tells one from another: 16 bytes in base64, of the server's "
        "number, the time, the process and a number. `v1` has them in the older form; `log` sets "
        "nothing. `$uid_got` is what came, `$uid_set` what is set (`uid=` and 32 hexadecimal "
        "digits); `set $uid_reset 1` gives a new one, and `log` in its place says so in the error "
        "log. They are no secrets, and nothing proves them.",
        set_mode),
    DIRECTIVE_SETTING("userid_name", CTX_HTTP_ALL, ARG_WORD, "name", "uid", 0,
                      "The name of the cookie.", set_name),
    TEXT("userid_domain", "name | none", "none", domain, "The cookie's domain."),
    TEXT("userid_path", "path", "/", path, "The cookie's path."),
    TEXT("userid_p3p", "string | none", "none", p3p, "A `P3P` field that goes with the cookie."),
    DIRECTIVE_SETTING("userid_expires", CTX_HTTP_ALL, ARG_WORD, "time | max | off", "off", 0,
                      "How long the cookie is kept; `off`: until the browser ends; `max`: until "
                      "the end of 2037.",
                      set_expires),
    DIRECTIVE_SETTING("userid_mark", CTX_HTTP_ALL, ARG_WORD, "letter | digit | = | off", "off", 0,
                      "Stands in the cookie's padding. One without it is set again, with its "
                      "identifier: so a change of the other directives reaches clients.",
                      set_mark),
    DIRECTIVE_SETTING("userid_service", CTX_HTTP_ALL, ARG_WORD, "number", "address of the server",
                      0, "The server's number, where several give identifiers.", set_service),
    {.name = "userid_flags",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "userid_flags flag … | off;",
     .default_text = "userid_flags off;",
     .doc = "Of the cookie: `secure`, `httponly`, `samesite=strict`, `samesite=lax`, "
            "`samesite=none`.",
     .apply = set_flags},
};

void directives_userid_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
