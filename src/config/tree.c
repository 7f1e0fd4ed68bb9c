/* Reads files into a tree.
 *
 * One `struct reader` per file being read; readers are linked outwards, which is how cycles of
 * includes are found. A reader keeps the node that it opened last (`at`) instead of recursing, so
 * blocks cost no stack; includes do recurse, at most INCLUDES_MAX deep. A file has to close the
 * blocks that it opens and no others. A node is linked to its parent before on_node sees it: a
 * check may look at its elder siblings. */
#include "config/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "config/absent.h"
#include "config/lex.h"

#define INCLUDES_MAX 32
#define BLOCKS_MAX   64
#define FILE_MAX     ((size_t)64 * 1024 * 1024)

struct reader {
    struct config_tree *tree;
    config_node_fn on_node;
    struct config_error *e;
    const struct reader *outer; /* the file that includes this one */
    unsigned depth;             /* of includes */
    struct lex lex;
    struct config_node *base; /* where the statements of this file go */
    struct config_node *at;   /* the innermost block that is open */
};

static bool read_file(const struct reader *outer, struct config_node *into, const char *path,
                      const struct config_node *from);

bool config_node_error(const struct config_node *node, struct config_error *e, const char *fmt, ...)
{
    char message[sizeof(e->message)];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    return config_error_set(e, node ? node->file : NULL, node ? node->line : 0, "%s", message);
}

static void add_argument(struct pool *pool, struct config_node *node, size_t *room,
                         const struct lex_token *word)
{
    if (node->n_args == *room) {
        size_t n = *room ? *room * 2 : 4;
        struct slice *args = pool_alloc(pool, n * sizeof(*args));
        bool *quoted = pool_alloc(pool, n * sizeof(*quoted));
        struct config_place *places = pool_alloc(pool, n * sizeof(*places));

        if (node->n_args > 0) {
            memcpy(args, node->args, node->n_args * sizeof(*args));
            memcpy(quoted, node->quoted, node->n_args * sizeof(*quoted));
            memcpy(places, node->places, node->n_args * sizeof(*places));
        }
        node->args = args;
        node->quoted = quoted;
        node->places = places;
        *room = n;
    }
    node->args[node->n_args] = word->text;
    node->places[node->n_args] = (struct config_place){word->line, word->column};
    node->quoted[node->n_args++] = word->quoted;
}

static void link_node(struct config_node *parent, struct config_node *node)
{
    node->parent = parent;
    node->depth = parent->depth + 1;
    if (parent->last)
        parent->last->next = node;
    else
        parent->children = node;
    parent->last = node;
}

/* Relative names start from the directory of the main file. */
static const char *full_path(struct config_tree *tree, struct slice name)
{
    if (name.n > 0 && name.p[0] == '/')
        return pool_strdup(&tree->pool, name);
    return pool_printf(&tree->pool, "%s" SLICE_FMT, tree->dir, SLICE_ARG(name)).p;
}

struct include {
    const struct reader *reader;
    const struct config_node *node;
    bool has_failed;
};

static void on_glob_match(void *arg, const char *path)
{
    struct include *inc = arg;
    struct config_tree *tree = inc->reader->tree;

    if (!inc->has_failed)
        inc->has_failed = !read_file(inc->reader, inc->reader->at,
                                     pool_strdup(&tree->pool, slice_str(path)), inc->node);
}

static bool follow_include(const struct reader *r, const struct config_node *node)
{
    struct include inc = {.reader = r, .node = node};
    const struct err *err;
    const char *path;

    if (node->content != CONFIG_SIMPLE)
        return config_node_error(node, r->e, "directive \"include\" is not terminated by \";\"");
    if (node->n_args != 1)
        return config_node_error(node, r->e,
                                 "invalid number of arguments in \"include\" directive");
    path = full_path(r->tree, node->args[0]);
    if (!strpbrk(path, "*?["))
        return read_file(r, r->at, path, node);
    err = file_glob(path, on_glob_match, &inc);
    if (inc.has_failed)
        return false;
    if (err && err != &err_not_found)
        return config_node_error(node, r->e, "glob() \"%s\" failed (%s)", path, err->message);
    return true;
}

/* Words came to an end that is none of a statement: of the block, or of the file. */
static void hint_unended(const struct reader *r, const struct config_node *node)
{
    const struct lex *l = &r->lex;
    const char *advice = absent_advice(node->name);

    if (r->e->hint[0] || l->is_parameter || (l->at < l->text.n && l->text.p[l->at] != '}'))
        return;
    if (advice)
        config_error_hint(r->e, "\"%.100s\" of line %u is no directive: %s", node->name.p,
                          node->line, advice);
    else
        config_error_hint(r->e, "\"%.100s\" of line %u is not ended by \";\"", node->name.p,
                          node->line);
}

/* The statement that starts with `first`, up to its `;` or `{`. */
static struct config_node *read_words(struct reader *r, const struct lex_token *first)
{
    struct pool *pool = &r->tree->pool;
    struct config_node *node = pool_new(pool, struct config_node);
    struct lex_token t;
    size_t room = 0;

    node->name = first->text;
    node->file = r->lex.file;
    node->line = first->line;
    node->column = first->column;
    node->lua = SLICE_EMPTY;
    for (;;) {
        if (!lex_next(&r->lex, pool, &t, r->e)) {
            hint_unended(r, node);
            return NULL;
        }
        if (t.kind != LEX_WORD)
            break;
        add_argument(pool, node, &room, &t);
    }
    CHECK(t.kind == LEX_END || t.kind == LEX_OPEN);
    node->end_line = t.line;
    if (t.kind == LEX_OPEN)
        node->content =
            slice_has_suffix(node->name, SLICE("_by_lua_block")) ? CONFIG_LUA : CONFIG_BLOCK;
    return node;
}

static bool read_lua(struct reader *r, struct config_node *node)
{
    struct slice lua;

    if (!lex_lua_block(&r->lex, &lua, r->e))
        return false;
    node->lua = pool_dup(&r->tree->pool, lua);
    return true;
}

static bool read_directive(struct reader *r, const struct lex_token *first)
{
    struct config_node *node = read_words(r, first);

    if (!node)
        return false;
    if (r->lex.is_parameter && node->content != CONFIG_SIMPLE)
        return config_node_error(node, r->e, "block directives are not supported in -g option");
    if (slice_eq(node->name, SLICE("include")))
        return follow_include(r, node);
    link_node(r->at, node);
    if (r->on_node && !r->on_node(node, r->e))
        return false;
    if (node->content == CONFIG_LUA)
        return read_lua(r, node);
    if (node->content != CONFIG_SIMPLE) {
        if (node->depth > BLOCKS_MAX)
            return config_node_error(node, r->e, "blocks are nested deeper than %d", BLOCKS_MAX);
        r->at = node;
    }
    return true;
}

static bool read_end(struct reader *r)
{
    if (r->at == r->base)
        return true;
    config_error_set(r->e, r->lex.file, r->lex.line, "unexpected end of file, expecting \"}\"");
    return config_error_hint(r->e, "\"%s\" of line %u is not closed", r->at->name.p, r->at->line);
}

static bool read_statements(struct reader *r)
{
    struct lex_token t;

    for (;;) {
        if (!lex_next(&r->lex, &r->tree->pool, &t, r->e))
            return false;
        if (t.kind == LEX_EOF)
            return read_end(r);
        if (t.kind == LEX_CLOSE) {
            if (r->at == r->base)
                return config_error_set(r->e, r->lex.file, t.line, "unexpected \"}\"");
            r->at = r->at->parent;
        } else if (!read_directive(r, &t)) {
            return false;
        }
    }
}

/* The system's reason why `path` could not be read, worded as nginx words it. */
static bool unreadable(const char *path, const struct config_node *from, const struct err *err,
                       struct config_error *e)
{
    const char *file = from ? from->file : NULL;
    unsigned line = from ? from->line : 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), why = EIO;
    char byte;

    if (fd < 0)
        return config_error_set(e, file, line, "open() \"%s\" failed (%d: %s)", path, errno,
                                strerror(errno));
    if (read(fd, &byte, 1) < 0)
        why = errno;
    close(fd);
    if (err == &err_too_large)
        return config_error_set(e, file, line, "\"%s\" is larger than %zu bytes", path, FILE_MAX);
    return config_error_set(e, file, line, "read() \"%s\" failed (%d: %s)", path, why,
                            strerror(why));
}

static const struct config_file *add_file(struct config_tree *tree, const char *path,
                                          struct slice text)
{
    struct config_file *f = pool_new(&tree->pool, struct config_file);

    f->path = path;
    f->text = pool_dup(&tree->pool, text);
    if (tree->last_file)
        tree->last_file->next = f;
    else
        tree->files = f;
    tree->last_file = f;
    return f;
}

/* The text of a file, read once however often it is included; NULL with `e` filled. */
static const struct config_file *open_file(struct config_tree *tree, const char *path,
                                           const struct config_node *from, struct config_error *e)
{
    struct buf text = BUF_EMPTY;
    const struct config_file *file = NULL;
    const struct err *err;

    for (struct config_file *f = tree->files; f; f = f->next)
        if (strcmp(f->path, path) == 0)
            return f;
    err = file_read(path, FILE_MAX, &text);
    if (err)
        unreadable(path, from, err, e);
    else
        file = add_file(tree, path, buf_slice(&text));
    buf_free(&text);
    return file;
}

/* Reads `path` into the block `into`. `from` is the include directive, `outer` its reader. */
static bool read_file(const struct reader *outer, struct config_node *into, const char *path,
                      const struct config_node *from)
{
    struct reader r = *outer;
    const struct config_file *file;

    for (const struct reader *o = outer; o; o = o->outer)
        if (!o->lex.is_parameter && strcmp(o->lex.file, path) == 0)
            return config_node_error(from, r.e, "\"%s\" includes itself", path);
    if (outer->depth >= INCLUDES_MAX)
        return config_node_error(from, r.e, "includes are nested deeper than %d", INCLUDES_MAX);
    file = open_file(r.tree, path, from, r.e);
    if (!file)
        return false;
    r.outer = outer;
    r.depth = outer->depth + 1;
    r.base = r.at = into;
    lex_init(&r.lex, file->text, file->path);
    return read_statements(&r);
}

static bool read_parameter(struct reader *r, const char *directives)
{
    if (!directives)
        return true;
    lex_init(&r->lex, slice_str(directives), NULL);
    return read_statements(r);
}

static bool read_main(struct reader *r, const struct config_source *src)
{
    struct config_tree *tree = r->tree;
    const char *prefix = src->path[0] == '/' || !src->prefix ? "" : src->prefix;
    const char *gap = prefix[0] && prefix[strlen(prefix) - 1] != '/' ? "/" : "";
    struct slice path = pool_printf(&tree->pool, "%s%s%s", prefix, gap, src->path);
    const char *slash = memrchr(path.p, '/', path.n);
    const struct config_file *file;

    tree->dir = pool_strdup(&tree->pool, slice_of(path.p, slash ? slash + 1 - path.p : 0));
    if (!read_parameter(r, src->directives))
        return false;
    file = src->text.p ? add_file(tree, path.p, src->text) : open_file(tree, path.p, NULL, r->e);
    if (!file)
        return false;
    lex_init(&r->lex, file->text, file->path);
    return read_statements(r);
}

bool config_load(struct config_tree *tree, const struct config_source *src, struct config_error *e)
{
    struct reader r = {.tree = tree, .on_node = src->on_node, .e = e};

    *tree = (struct config_tree){.dir = ""};
    pool_init(&tree->pool, NULL, 0);
    tree->root.name = tree->root.lua = SLICE_EMPTY;
    tree->root.content = CONFIG_BLOCK;
    tree->root.file = CONFIG_COMMAND_LINE;
    r.base = r.at = &tree->root;
    return read_main(&r, src);
}

void config_free(struct config_tree *tree)
{
    pool_reset(&tree->pool);
    *tree = (struct config_tree){.dir = ""};
}

void config_dump(const struct config_tree *tree, struct buf *out)
{
    for (const struct config_file *f = tree->files; f; f = f->next) {
        buf_printf(out, "# configuration file %s:\n", f->path);
        buf_add_slice(out, f->text);
        buf_add_char(out, '\n');
    }
}

const struct config_node *config_child(const struct config_node *node, const char *name)
{
    for (const struct config_node *c = node->children; c; c = c->next)
        if (slice_eq(c->name, slice_str(name)))
            return c;
    return NULL;
}
