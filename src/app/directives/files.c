/* Where files are and how they are served: root, alias, index, try_files, types, autoindex,
 * validators. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/files/static_step.h"
#include "base/num.h"

#define GROUP         "Files"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

/* $document_root and $realpath_root are made of what is being set here. */
static bool refuse_itself(const struct apply *a, const struct config_node *node, struct slice path,
                          struct config_error *e)
{
    struct slice text, name, why;

    while (script_next_part(&a->conf->pool, &path, &text, &name, &why) > 0) {
        if (slice_ieq(name, SLICE("document_root")) || slice_ieq(name, SLICE("realpath_root")))
            return config_node_error(
                node, e, "the $" SLICE_FMT " variable cannot be used in the \"%s\" directive",
                SLICE_ARG(name), node->name.p);
    }
    return true;
}

/* A path under the prefix unless it begins with a variable. */
static bool compile_path(const struct apply *a, const struct config_node *node, struct slice path,
                         struct script **out, struct config_error *e)
{
    if (!refuse_itself(a, node, path, e))
        return false;
    if (path.n == 0 || path.p[0] != '$')
        path = slice_str(conf_path(a->conf, path));
    return directives_script(a, node, path, out, e);
}

static bool refuse_both(const struct config_node *node, const char *other, struct config_error *e)
{
    const struct config_node *there = config_child(node->parent, other);

    if (!there)
        return true;
    config_node_error(node, e, "\"%s\" directive is duplicate", node->name.p);
    return config_error_hint(e, "\"%s\" is in %s:%u", other, there->file, there->line);
}

static bool set_root(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice path = node->args[0];

    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    a->loc->alias = NULL;
    return compile_path(a, node, path, &a->loc->root, e);
}

static bool set_alias(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    if (a->loc->kind == LOCATION_NAMED)
        return config_node_error(
            node, e, "the \"alias\" directive cannot be used inside the named location");
    return refuse_both(node, "root", e) && compile_path(a, node, node->args[0], &a->loc->alias, e);
}

static bool add_index(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct location *l = a->loc;
    bool is_own =
        l->parent ? l->index != l->parent->index : config_child(node->parent, "index") != node;
    struct script **list;
    size_t n = 0;

    while (is_own && l->index[n])
        n++;
    list = pool_zalloc(&a->conf->pool, (n + node->n_args + 1) * sizeof(struct script *));
    if (n > 0)
        memcpy(list, l->index, n * sizeof(struct script *));
    for (size_t i = 0; i < node->n_args; i++) {
        if (node->args[i].n == 0)
            return config_node_error(node, e, "index \"\" in \"index\" directive is invalid");
        if (!directives_script(a, node, node->args[i], &list[n + i], e))
            return false;
    }
    l->index = list;
    return true;
}

static bool read_fallback(const struct config_node *node, struct try_files *t,
                          struct config_error *e)
{
    struct slice last = node->args[node->n_args - 1];
    int64_t code;

    if (last.n == 0 || last.p[0] != '=')
        return true;
    if (!num_parse_u63(slice_from(last, 1), &code) || code < 1 || code > 999)
        return config_node_error(node, e, "invalid code \"%.200s\"", last.p);
    t->fallback_status = (int)code;
    return true;
}

static bool set_try_files(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct try_files *t = pool_new(&a->conf->pool, struct try_files);

    t->n = (unsigned)node->n_args;
    t->names = pool_zalloc(&a->conf->pool, t->n * sizeof(struct script *));
    t->is_dir = pool_zalloc(&a->conf->pool, t->n * sizeof(*t->is_dir));
    for (unsigned i = 0; i < t->n; i++) {
        struct slice name = node->args[i];

        if (i + 1 < t->n && name.n > 0 && name.p[name.n - 1] == '/') {
            t->is_dir[i] = true;
            name.n--;
        }
        if (!directives_script(a, node, name, &t->names[i], e))
            return false;
    }
    if (!read_fallback(node, t, e))
        return false;
    a->loc->try_files = t;
    location_add_step(a->loc, PHASE_PRECONTENT, static_step_try_files, t, node->line);
    return true;
}

static void free_types(void *arg)
{
    map_deinit(&((struct mime_types *)arg)->by_extension);
}

static struct mime_types *new_types(struct app_conf *conf)
{
    struct mime_types *types = pool_new(&conf->pool, struct mime_types);

    map_init(&types->by_extension, true);
    pool_on_reset(&conf->pool, free_types, types);
    return types;
}

static void add_type(struct app_conf *conf, struct mime_types *types, struct slice extension,
                     struct slice type)
{
    char *lower = pool_strdup(&conf->pool, extension);
    struct slice *value = pool_new(&conf->pool, struct slice);

    for (char *p = lower; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
    *value = type;
    map_set(&types->by_extension, slice_of(lower, extension.n), value);
}

static bool set_types(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct location *l = a->loc;

    if (l->is_types_inherited)
        l->types = new_types(a->conf);
    l->is_types_inherited = false;
    for (const struct config_node *type = node->children; type; type = type->next) {
        if (type->n_args == 0)
            return config_node_error(type, e, "invalid number of arguments in \"types\" directive");
        for (size_t i = 0; i < type->n_args; i++)
            add_type(a->conf, l->types, type->args[i], type->name);
    }
    return true;
}

void directives_http_defaults(struct app_conf *conf, struct location *loc)
{
    loc->default_content = static_step_content;
    loc->root = script_literal(&conf->pool, slice_str(conf_path(conf, SLICE("html"))));
    loc->index = pool_zalloc(&conf->pool, 2 * sizeof(struct script *));
    loc->index[0] = script_literal(&conf->pool, SLICE("index.html"));
    loc->types = new_types(conf);
    loc->is_types_inherited = true;
    add_type(conf, loc->types, SLICE("html"), SLICE("text/html"));
    add_type(conf, loc->types, SLICE("gif"), SLICE("image/gif"));
    add_type(conf, loc->types, SLICE("jpg"), SLICE("image/jpeg"));
}

static const char *const symlink_words[] = {"off", "on", "if_not_owner", NULL};

static bool set_symlinks(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice from;
    int choice;

    if (!config_arg_enum(node, 0, symlink_words, &choice, e))
        return false;
    a->loc->symlinks = (enum symlink_policy)choice;
    a->loc->symlinks_from = NULL;
    if (node->n_args == 1)
        return true;
    from = node->args[1];
    if (choice == SYMLINKS_FOLLOW || !slice_has_prefix(from, SLICE("from=")) || from.n == 5)
        return config_arg_refuse(node, from, e);
    return directives_script(a, node, slice_from(from, 5), &a->loc->symlinks_from, e);
}

/* In the order of enum autoindex_format. */
static const char *const format_words[] = {"html", "json", "jsonp", "xml", NULL};

#define FIELD(member) (int)offsetof(struct location, member)

/* In the order of enum modified_since. */
static const char *const modified_words[] = {"off", "exact", "before", NULL};

#define FLAG(text, member, value, about)                                                           \
    DIRECTIVE_FLAG(text, CTX_LEVELS, value, FIELD(member), about, directives_set_flag)

static const struct directive table[] = {
    {.name = "root",
     .contexts = CTX_LEVELS_IF,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "root path;",
     .default_text = "root html;",
     .doc = "Directory that paths of requests are looked up in: `root /srv;` serves `/a/b` from "
            "`/srv/a/b`. Relative to the prefix; may hold variables.",
     .apply = set_root},
    DIRECTIVE_TEXT(
        "alias", CTX_LOCATION, "path", 0,
        "What stands for the location's own prefix: in `location /i/`, `alias /srv/img/;` serves "
        "`/i/a.png` from `/srv/img/a.png`. In a regular expression it is the whole file name, "
        "made of captures.",
        set_alias),
    {.name = "index",
     .contexts = CTX_LEVELS,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "index file …;",
     .default_text = "index index.html;",
     .doc =
         "Files tried in order for a path that ends in `/`; one that begins with `/` is a path to "
         "redirect to internally.",
     .apply = add_index},
    {.name = "try_files",
     .contexts = CTX_SERVER | CTX_LOCATION,
     .min_args = 2,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "try_files file … uri | =code | @name;",
     .doc = "Serves the first of the files that exists (a name ending in `/` is a directory); "
            "otherwise the last argument: an internal redirect, a named location, or a status.",
     .apply = set_try_files},
    {.name = "types",
     .contexts = CTX_LEVELS,
     .flags = DIRECTIVE_FREE | DIRECTIVE_REPEATS,
     .group = GROUP,
     .syntax = "types { type extension …; … }",
     .doc = "Media types by the extension of the file name, in any case. Replaces the inherited "
            "table; `html`, `gif` and `jpg` are known without any.",
     .apply = set_types},
    DIRECTIVE_SETTING("default_type", CTX_LEVELS, ARG_WORD, "type", "text/plain",
                      FIELD(default_type),
                      "Media type where the extension tells none; `\"\"` sends no Content-Type.",
                      directives_set_word),
    DIRECTIVE_CHOICE(
        "if_modified_since", CTX_LEVELS, modified_words, "off | exact | before", "exact",
        FIELD(if_modified_since),
        "How `If-Modified-Since` is compared with the file's time: never, equal, or not later.",
        directives_set_choice),
    {.name = "disable_symlinks",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 2,
     .kinds = {ARG_ENUM, ARG_WORD},
     .choices = symlink_words,
     .group = GROUP,
     .syntax = "disable_symlinks off; | on | if_not_owner [from=part];",
     .default_text = "disable_symlinks off;",
     .doc = "Whether symbolic links in paths are refused (403): all, or those whose owner is not "
            "the owner of what they point to. Of a path that begins with `from=` (which may hold "
            "variables, `$document_root` usually) only what comes behind it is checked.",
     .apply = set_symlinks},
    FLAG("etag", has_etag, "on", "Whether files get an `ETag`."),
    FLAG("autoindex", has_autoindex, "off", "Lists directories that have no index file."),
    FLAG("autoindex_exact_size", is_autoindex_exact_size, "on",
         "Sizes in listings in bytes instead of rounded to K, M and G."),
    FLAG("autoindex_localtime", is_autoindex_localtime, "off",
         "Times in listings in local time instead of UTC."),
    DIRECTIVE_CHOICE("autoindex_format", CTX_LEVELS, format_words, "html | json | jsonp | xml",
                     "html", FIELD(autoindex_format),
                     "Form of listings. `jsonp` calls the function that the argument `callback` of "
                     "the request names; without it, it is `json`.",
                     directives_set_choice),
    FLAG("random_index", has_random_index, "off",
         "A request of a directory is answered with one of its files, each time another."),
};

void directives_files_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
