/* Links that are let in: secure_link and its kin, valid_referers. */
#include "app/access/secure_link.h"
#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "app/variables/referers.h"

#define GROUP "Links"

static struct secure_link_conf *own(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, secure_link),
                        sizeof(struct secure_link_conf), &secure_link_defaults);
}

/* The two ways do not go together. */
static bool check_way(const struct secure_link_conf *c, const struct config_node *node,
                      struct config_error *e)
{
    return !c->secret.n || (!c->link && !c->text) ||
           config_node_error(node, e,
                             "\"secure_link_secret\" cannot be mixed with "
                             "\"secure_link\" and \"secure_link_md5\"");
}

static bool set_link(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct secure_link_conf *c = own(ctx);

    return directives_script(ctx, node, node->args[0], &c->link, e) && check_way(c, node, e);
}

static bool set_text(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct secure_link_conf *c = own(ctx);

    return directives_script(ctx, node, node->args[0], &c->text, e) && check_way(c, node, e);
}

static bool set_secret(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct secure_link_conf *c = own(ctx);

    c->secret = node->args[0];
    return check_way(c, node, e);
}

/* A block's own directive takes the place of what it inherits. */
static struct referers *own_referers(struct apply *a)
{
    struct location *l = a->loc;

    if (!l->referers || (l->parent && l->referers == l->parent->referers)) {
        l->referers = pool_new(&a->conf->pool, struct referers);
        name_table_init(&l->referers->names, &a->conf->pool, true);
    }
    return l->referers;
}

static bool add_referers(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct referers *r = own_referers(a);
    struct slice why;

    for (size_t i = 0; i < node->n_args; i++) {
        struct slice word = node->args[i];

        if (word.n == 0)
            return config_node_error(node, e, "invalid referer \"\"");
        if (slice_has_prefix(word, SLICE("http://")) || slice_has_prefix(word, SLICE("https://")))
            return config_node_error(node, e, "invalid referer \"%.200s\"", word.p);
        if (slice_eq(word, SLICE("none")))
            r->takes_none = true;
        else if (slice_eq(word, SLICE("blocked")))
            r->takes_blocked = true;
        else if (slice_eq(word, SLICE("server_names")))
            r->takes_servers = true;
        else if (!referers_add(a->conf, r, word, &why))
            return config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
    }
    return true;
}

static const struct directive table[] = {
    DIRECTIVE_TEXT(
        "secure_link", CTX_HTTP_ALL, "expression", 0,
        "Where the checksum of a link is (MD5 in base64url, as in `$arg_md5`), with a comma "
        "and the seconds since 1970 when it expires perhaps (`$arg_md5,$arg_expires`). "
        "`$secure_link` is `1` when it is right, `0` when the link has expired, and empty "
        "otherwise; `$secure_link_expires` is when it does.",
        set_link),
    DIRECTIVE_TEXT("secure_link_md5", CTX_HTTP_ALL, "expression", 0,
                   "What the checksum is of; a secret should be in it "
                   "(`\"$secure_link_expires$uri$remote_addr secret\"`).",
                   set_text),
    DIRECTIVE_TEXT(
        "secure_link_secret", CTX_HTTP_ALL, "word", 0,
        "Of a target `/prefix/checksum/link`, `$secure_link` is the link when the checksum is "
        "the MD5, in hexadecimal digits, of the link and this word; else it is empty.",
        set_secret),
    {.name = "valid_referers",
     .contexts = CTX_SERVER | CTX_LOCATION,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "valid_referers none | blocked | server_names | name …;",
     .doc = "From where links may come: `$invalid_referer` is `1` for others, else empty. `none`: "
            "no `Referer` at all; `blocked`: one without `http://` or `https://`; `server_names`: "
            "the names of the server; names of hosts, with `*` at an end, with the beginning of a "
            "path perhaps; `~regex` on what follows the scheme. Inherited when the block has none "
            "of its own.",
     .apply = add_referers},
};

void directives_links_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
