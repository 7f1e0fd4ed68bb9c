/* What directives do. Each file of this folder has one table of struct directive (text for the
 * reference included) and the functions behind it; directives/tables.c registers them all.
 *
 * A block is applied in two passes: its simple directives first, then its blocks and the ordered
 * directives of the rewrite module, in file order. So whatever a nested block inherits is final
 * when it begins as a copy of its parent. */
#ifndef APP_DIRECTIVES_DIRECTIVES_H
#define APP_DIRECTIVES_DIRECTIVES_H

#include "app/conf.h"
#include "app/directives/rows.h"
#include "app/lua/lua_code.h"
#include "config/config_arg.h"
#include "config/schema.h"
#include "http/media_set.h"
#include "net/addr_range.h"

/* Places where Lua of a block goes; one directive of a block fills each. */
enum apply_slot {
    SLOT_SERVER_REWRITE,
    SLOT_PREREAD,
    SLOT_REWRITE,
    SLOT_ACCESS,
    SLOT_PRECONTENT,
    SLOT_CONTENT,
    SLOT_HEADER_FILTER,
    SLOT_BODY_FILTER,
    SLOT_LOG,
    SLOT_COUNT
};

struct rewrite_block; /* see app/rewrite.h */
struct tls_name;      /* see app/tls/tls_conf.h */

/* The block that is being applied: the `ctx` of every apply function. Lives on the stack while its
 * block is read. */
struct apply {
    struct app_conf *conf;
    struct location *loc; /* the level that is filled; NULL in main and events */
    struct vhost *vhost;  /* NULL outside of servers */
    const struct config_node *own[SLOT_COUNT]; /* the directives of this very block */
    /* own or inherited; become steps when the block ends */
    struct lua_code *server_rewrite_by_lua, *rewrite_by_lua, *precontent_by_lua;
    struct lua_code *handler; /* own `handler`: takes the middleware when the block ends */
    struct slice *middleware; /* own or inherited, outermost first */
    unsigned n_middleware;
    bool has_own_middleware;
    struct rewrite_block *rewrite; /* where set, if, return, rewrite put their steps */
};

/* Is it a block of `stream`? */
static inline bool directives_is_stream(const struct apply *a)
{
    return a->loc && a->loc->variables == &a->conf->stream_variables;
}

/* Value of `extra` of a directive that belongs to the second pass. */
extern const char directives_ordered[];

/* The child that a block of `a` fills: a copy of a->loc without what is not inherited. */
struct location *directives_new_location(const struct apply *a, enum location_kind kind,
                                         struct slice name);

/* The level of http or stream, with the defaults of everything. */
struct location *directives_new_top(struct app_conf *conf, const struct config_node *node,
                                    struct variable_table *variables);

/* A server without a name, in the list of all. */
struct vhost *directives_new_vhost(struct app_conf *conf, const struct config_node *node);

/* Applies the directives in `block`, in two passes. */
bool directives_apply_block(struct apply *a, const struct config_node *block,
                            struct config_error *e);

/* Applies `block`, nested in the block of `outer`, to `loc` of `vhost`, and completes its steps. */
bool directives_apply_location(const struct apply *outer, const struct config_node *block,
                               struct location *loc, struct vhost *vhost, struct config_error *e);

/* Compiles `text` with its variables; the message of a failure is put at `node`. */
bool directives_script(const struct apply *a, const struct config_node *node, struct slice text,
                       struct script **out, struct config_error *e);

/* The variable that "$name" defines, or NULL with `e` filled. */
const struct variable *directives_variable(const struct apply *a, const struct config_node *node,
                                           struct slice word, struct config_error *e);

/* Defines the variable "$name" with a getter and its data; NULL with `e` filled: it has another. */
const struct variable *directives_define(const struct apply *a, const struct config_node *node,
                                         struct slice word, variable_get_fn get, const void *data,
                                         struct config_error *e);

/* Of a word "name=…", `name` with its "=": what follows goes to *rest. False: it is another word.
 */
bool directives_named(struct slice word, const char *name, struct slice *rest);

/* The first argument, of proxy_bind and its kin: an address of our side or `off`, which is checked
 * unless it holds variables. */
bool directives_local_address(const struct apply *a, const struct config_node *node,
                              struct script **out, struct config_error *e);

/* Reads a range of addresses, with a warning about bits behind its prefix. False: it is none. */
bool directives_range(const struct config_node *node, struct slice text, struct addr_range *out);

/* Every address that a name has now, which is asked for as the system does and waited for. They
 * live as long as the configuration. How many; 0: there is no such name. */
size_t directives_addresses(struct app_conf *conf, struct slice name, struct addr **out);

/* The media types that the arguments are; `*`: all. */
struct media_set directives_media_set(const struct apply *a, const struct config_node *node);

/* The file of a certificate or key, whose name may hold variables. */
bool directives_tls_name(const struct apply *a, const struct config_node *node,
                         struct tls_name *out, struct config_error *e);

/* A block has one directive for each slot: makes `node` the one of `slot`. False with `e` filled:
 * there is another. */
bool directives_claim(struct apply *a, enum apply_slot slot, const struct config_node *node,
                      struct config_error *e) MUST_USE;

/* The content of the level is fetched from another server by `run`, in place of what was said
 * before this directive. */
void directives_pass_on(struct apply *a, const struct config_node *node, step_fn run,
                        const void *arg);

/* A directory that is made before the workers are, for their files. */
void directives_add_folder(struct app_conf *conf, struct slice path,
                           const struct config_node *node);

/* The folder that the first argument names, which is made likewise. */
const char *directives_temp_path(struct apply *a, const struct config_node *node);

/* The arguments "user:rw group:r …" as permissions of files; those of the owner are always there.
 */
bool directives_file_mode(const struct config_node *node, mode_t *out, struct config_error *e);

/* resolver: of a->loc */
bool directives_set_resolver(void *ctx, const struct config_node *node, struct config_error *e);

/* The block has ended: turns what Lua it has into steps, gives its handler the middleware. */
void directives_end_lua(struct apply *a);

/* Gives `loc`, which is the http level, the root, index and types that hold where nothing is said.
 */
void directives_http_defaults(struct app_conf *conf, struct location *loc);

/* The access log of a configuration that names none: logs/access.log, combined. */
void directives_access_log_default(struct app_conf *conf, struct location *loc);

/* The end of a level: what lua_ssl_* of it say is made. */
bool directives_end_sockets(const struct apply *a, const struct config_node *block,
                            struct config_error *e);

#endif
