/* Which directives there are: tables that the layers above register once at start.
 *
 * A name may have several entries when they stand in different contexts (`server` of http and of
 * upstream). */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "base/base.h"
#include "base/buf.h"
#include "base/slice.h"
#include "config/tree.h"

/* Where a directive may stand, and what a block opens. */
enum schema_context {
    CTX_MAIN = 1 << 0,
    CTX_EVENTS = 1 << 1,
    CTX_HTTP = 1 << 2,
    CTX_SERVER = 1 << 3,
    CTX_LOCATION = 1 << 4,
    CTX_IF_SERVER = 1 << 5,   /* `if` in a server */
    CTX_IF_LOCATION = 1 << 6, /* `if` in a location */
    CTX_LIMIT_EXCEPT = 1 << 7,
    CTX_UPSTREAM = 1 << 8,
    CTX_STREAM = 1 << 9,
    CTX_STREAM_SERVER = 1 << 10,
    CTX_STREAM_UPSTREAM = 1 << 11,
};
#define CTX_HTTP_ALL   (CTX_HTTP | CTX_SERVER | CTX_LOCATION)
#define CTX_STREAM_ALL (CTX_STREAM | CTX_STREAM_SERVER)
#define CTX_ANY        0xfffu

enum schema_flag {
    DIRECTIVE_BLOCK = 1 << 0,   /* { directives } of context `opens` */
    DIRECTIVE_FREE = 1 << 1,    /* { statements of any words } */
    DIRECTIVE_LUA = 1 << 2,     /* { raw Lua }: node->lua, not counted as an argument */
    DIRECTIVE_REPEATS = 1 << 3, /* may stand more than once in a block; refused otherwise */
    DIRECTIVE_VARS = 1 << 4,    /* an argument with a `$` is not checked against its kind */
    DIRECTIVE_SAME = 1 << 5,    /* kinds[0] holds for every argument */
};

enum schema_kind {
    ARG_WORD, /* anything */
    ARG_FLAG, /* on, off */
    ARG_NUMBER,
    ARG_SIZE, /* bytes: 10, 8k, 1m, 2g */
    ARG_TIME, /* 500ms, 60, 60s, 1h30m */
    ARG_ENUM, /* one of `choices` */
};

#define ARGS_MANY 255 /* max_args: no limit */

/* Acts on one checked directive; false with `e` filled stops. A block descends itself, by
 * config_apply. */
typedef bool (*config_apply_fn)(void *ctx, const struct config_node *node, struct config_error *e);

/* All strings are static. Arguments beyond kinds[] are words. */
struct directive {
    const char *name;
    uint32_t contexts; /* CTX_* */
    uint32_t flags;    /* DIRECTIVE_* */
    uint32_t opens;    /* DIRECTIVE_BLOCK: the one CTX_* of its children */
    uint8_t min_args, max_args;
    uint8_t kinds[4];           /* enum schema_kind */
    const char *const *choices; /* NULL-ended: words accepted besides what the kinds say */
    const char *group;          /* heading in the reference */
    const char *syntax;         /* whole statement: "keepalive_timeout time [time];" */
    const char *default_text;   /* whole statement, or NULL for none */
    const char *doc;            /* Markdown; NULL: an earlier entry of this name describes it */
    int id;                     /* for the layer that registers, with `extra` */
    const void *extra;
    config_apply_fn apply; /* may be NULL: nothing to do */
};

/* Adds `n` directives. The table is borrowed for good; a contradiction in it panics. */
void schema_register(const struct directive *table, size_t n);

/* Forgets all tables (for tests and for the end of the process). */
void schema_reset(void);

/* The entry of `name` that may stand in one of `contexts` (CTX_ANY: the first one), or NULL. */
const struct directive *schema_find(struct slice name, uint32_t contexts);

/* The known name nearest to `name`, preferring those allowed in `context`; NULL when none is near.
 */
const char *schema_suggest(struct slice name, uint32_t context);

/* The one CTX_* of the children of `parent`, which is checked. */
uint32_t schema_context_in(const struct config_node *parent);

/* The first argument of `node`, whose ancestors are checked, that begins a line and is the name of
 * a directive that may stand there, as when the `;` before it is missing; node->n_args when there
 * is none. */
size_t schema_find_unended(const struct config_node *node);

/* Sets the hint of an error that is already filled, when it is that of `node` and such an argument
 * may be why. Always returns false. */
bool schema_hint_unended(const struct config_node *node, struct config_error *e);

/* Appends "http, server, if in location". */
void schema_context_names(uint32_t contexts, struct buf *out);

/* The group of what is checked, and that is all. */
#define SCHEMA_GROUP_ACCEPTED "Accepted for compatibility"

/* Appends the reference of all directives as Markdown, by group in order of registration;
 * SCHEMA_GROUP_ACCEPTED comes last. */
void schema_print_reference(struct buf *out);

/* Calls `apply` for each child of `parent` in order, with `ctx`; stops at the first that returns
 * false. */
bool config_apply(const struct config_node *parent, void *ctx, struct config_error *e) MUST_USE;

#endif
