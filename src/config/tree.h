/* A configuration as a tree of directives: files read, includes followed, nothing interpreted.
 *
 * Usual way in: schema_check_load (schema_check.h), which also checks each directive as it is read.
 * One directive is known here, `include`: it becomes what it includes and is not kept as a node. */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/pool.h"
#include "base/slice.h"
#include "config/config_error.h"

struct directive;

enum config_content {
    CONFIG_SIMPLE, /* ended by `;` */
    CONFIG_BLOCK,  /* { directives } */
    CONFIG_FREE, /* { statements of any words } such as types, map, geo: children have no schema */
    CONFIG_LUA,  /* { raw Lua }, see `lua` */
};

struct config_place {
    unsigned line, column;
};

/* One directive. Everything lives in the tree's pool; all slices are terminated. */
struct config_node {
    struct slice name;
    struct slice *args;          /* without the name; unescaped, variables untouched */
    bool *quoted;                /* for each argument: did it stand in quotes? */
    struct config_place *places; /* for each argument: where it begins */
    size_t n_args;
    enum config_content content;
    struct slice lua;               /* CONFIG_LUA: the text between the braces; otherwise empty */
    const char *file;               /* never NULL; CONFIG_COMMAND_LINE for -g */
    unsigned line, column;          /* of the name */
    unsigned end_line;              /* of the `;` or `{`: the line that names a Lua chunk */
    unsigned depth;                 /* 0: the root, which has no name */
    const struct directive *schema; /* set by schema_check_node; NULL in free-form blocks */
    struct config_node *parent;     /* NULL: the root */
    struct config_node *children, *last, *next; /* children in order, included ones in place */
};

/* A file that was read, in order of first use. */
struct config_file {
    const char *path;
    struct slice text;
    struct config_file *next;
};

struct config_tree {
    struct pool pool;
    struct config_node root;
    struct config_file *files, *last_file;
    const char *dir; /* of the main file, with the final '/': includes are relative to it */
};

/* Called for each directive when its `;` or `{` has been read, before its children, in order;
 * `include` is not reported. It may set node->schema and node->content. False with `e` filled stops
 * the load. */
typedef bool (*config_node_fn)(struct config_node *node, struct config_error *e);

struct config_source {
    const char *path;   /* of the main file */
    struct slice text;  /* p not NULL: the content of the main file, which is then not opened */
    const char *prefix; /* directory that a relative `path` starts from; NULL: the current one */
    const char *directives; /* text of -g, read before the file; may be NULL */
    config_node_fn on_node; /* may be NULL */
};

/* Reads `src` and everything it includes into `tree`. Without on_node, blocks named *_by_lua_block
 * are Lua and no other. In both cases the caller ends with config_free; after false the tree holds
 * what was read so far. */
bool config_load(struct config_tree *tree, const struct config_source *src,
                 struct config_error *e) MUST_USE;

/* Frees the tree. Slices, nodes and file names are gone afterwards. */
void config_free(struct config_tree *tree);

/* Appends every file that was read, once, as `nginx -T` prints it. */
void config_dump(const struct config_tree *tree, struct buf *out);

/* The first child of `node` with this name, or NULL. */
const struct config_node *config_child(const struct config_node *node, const char *name);

/* Fills `e` with a message at the place of `node`; NULL: at none. Always returns false. */
bool config_node_error(const struct config_node *node, struct config_error *e, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif
