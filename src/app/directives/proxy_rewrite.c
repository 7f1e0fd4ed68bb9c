/* proxy_redirect and proxy_cookie_*: what clients see of Location, Refresh and cookies. */
#include "app/directives/directives.h"
#include "app/directives/proxy.h"
#include "app/directives/proxy_levels.h"
#include "app/directives/tables.h"
#include "app/proxy/proxy_rewrite.h"
#include "app/variables/captures.h"

/* "~pattern", "~*pattern" (without regard to case). */
static bool add_pattern(const struct apply *a, const struct config_node *node, bool ignores_case,
                        struct regex **out, const struct captures_names **names,
                        struct config_error *e)
{
    struct slice text = slice_from(node->args[0], 1), problem;

    if (text.n && text.p[0] == '*') {
        text = slice_from(text, 1);
        ignores_case = true;
    }
    *out = regex_compile(&a->conf->pool, text, ignores_case, &problem);
    if (*out && captures_bind(a->loc->variables, *out, names, &problem))
        return true;
    return config_node_error(node, e, SLICE_FMT, SLICE_ARG(problem));
}

static bool is_pattern(struct slice word)
{
    return word.n && word.p[0] == '~';
}

static bool add_rewrite(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct proxy_rewrite *r = pool_new(&a->conf->pool, struct proxy_rewrite), **at;
    size_t offset = (size_t)node->schema->id;
    bool is_redirect = offset == offsetof(struct proxy_conf, redirects);

    directives_proxy_forget_inherited(a, node, offset);
    at = (struct proxy_rewrite **)((char *)directives_proxy_own(a, node) + offset);
    if (node->n_args == 1 && slice_eq(node->args[0], SLICE("off"))) {
        directives_proxy_own(a, node)->has_no_redirect |= is_redirect;
        *at = NULL;
        return true;
    }
    while (*at)
        at = &(*at)->next;
    *at = r;
    if (node->n_args == 1)
        return (is_redirect && slice_eq(node->args[0], SLICE("default"))) ||
               config_arg_refuse(node, node->args[0], e);
    if (is_pattern(node->args[0])) {
        if (!add_pattern(a, node, offset == offsetof(struct proxy_conf, cookie_domains),
                         &r->pattern, &r->names, e))
            return false;
    } else if (!directives_script(a, node, node->args[0], &r->from, e)) {
        return false;
    }
    return directives_script(a, node, node->args[1], &r->to, e);
}

/* --- flags of cookies --- */

static bool read_cookie_flag(struct slice word, struct proxy_cookie_flags *f)
{
    static const struct {
        const char *word, *site;
        enum proxy_flag_change secure, http_only, same_site;
    } rows[] = {
        {"secure", NULL, PROXY_FLAG_SET, 0, 0},
        {"nosecure", NULL, PROXY_FLAG_TAKEN, 0, 0},
        {"httponly", NULL, 0, PROXY_FLAG_SET, 0},
        {"nohttponly", NULL, 0, PROXY_FLAG_TAKEN, 0},
        {"samesite=strict", "Strict", 0, 0, PROXY_FLAG_SET},
        {"samesite=lax", "Lax", 0, 0, PROXY_FLAG_SET},
        {"samesite=none", "None", 0, 0, PROXY_FLAG_SET},
        {"nosamesite", NULL, 0, 0, PROXY_FLAG_TAKEN},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (slice_ieq(word, slice_str(rows[i].word))) {
            f->secure = rows[i].secure ? rows[i].secure : f->secure;
            f->http_only = rows[i].http_only ? rows[i].http_only : f->http_only;
            f->same_site = rows[i].same_site ? rows[i].same_site : f->same_site;
            f->site = rows[i].site ? rows[i].site : f->site;
            return true;
        }
    return false;
}

static bool add_cookie_flags(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct proxy_cookie_flags *f = pool_new(&a->conf->pool, struct proxy_cookie_flags), **at;

    directives_proxy_forget_inherited(a, node, offsetof(struct proxy_conf, cookie_flags));
    at = &directives_proxy_own(a, node)->cookie_flags;
    if (node->n_args == 1 && slice_eq(node->args[0], SLICE("off"))) {
        *at = NULL;
        return true;
    }
    if (node->n_args == 1)
        return config_arg_refuse(node, node->args[0], e);
    while (*at)
        at = &(*at)->next;
    *at = f;
    for (size_t i = 1; i < node->n_args; i++)
        if (!read_cookie_flag(node->args[i], f))
            return config_arg_refuse(node, node->args[i], e);
    if (is_pattern(node->args[0]))
        return add_pattern(a, node, false, &f->pattern, &f->names, e);
    return directives_script(a, node, node->args[0], &f->name, e);
}

#define RULES(word, most, what, text, field, setter)                                               \
    {                                                                                              \
        .name = (word), .contexts = CTX_HTTP_ALL, .flags = DIRECTIVE_REPEATS, .min_args = 1,       \
        .max_args = (most), .group = "Proxying", .syntax = (what), .doc = (text),                  \
        .id = offsetof(struct proxy_conf, field), .apply = (setter)                                \
    }

static const struct directive table[] = {
    RULES("proxy_redirect", 2, "proxy_redirect default | off | from to;",
          "Replaces the beginning of `Location` and `Refresh` in answers. `default`: what "
          "`proxy_pass` names becomes what the location names. After `~`, or `~*` without regard "
          "to case, "
          "`from` is an expression; where it matches, `to`, which may hold what it found, is the "
          "whole; so in "
          "`proxy_cookie_domain` and `proxy_cookie_path`.",
          redirects, add_rewrite),
    RULES("proxy_cookie_domain", 2, "proxy_cookie_domain off | from to;",
          "Replaces the Domain of cookies in answers.", cookie_domains, add_rewrite),
    RULES("proxy_cookie_path", 2, "proxy_cookie_path off | from to;",
          "Replaces the beginning of the Path of cookies in answers.", cookie_paths, add_rewrite),
    RULES(
        "proxy_cookie_flags", 4, "proxy_cookie_flags off | cookie [flag …];",
        "Sets or takes flags of a cookie in answers: `secure`, `httponly`, `samesite=strict | lax "
        "| none`, `nosecure`, `nohttponly`, `nosamesite`. The name may hold variables, or be "
        "an expression after `~`; of several rules the first that names a cookie counts.",
        cookie_flags, add_cookie_flags),
};

void directives_proxy_rewrite_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
