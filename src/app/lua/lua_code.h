/* Lua from the configuration: an inline chunk, a file, or a named function of a module; loaded once
 * per machine. */
#ifndef APP_LUA_LUA_CODE_H
#define APP_LUA_LUA_CODE_H

#include <stdbool.h>

#include "base/slice.h"

struct app_conf;
struct config_error;
struct config_node;
struct script;
struct visit;

enum lua_code_kind {
    LUA_CODE_INLINE,
    LUA_CODE_FILE,
    LUA_CODE_HANDLER, /* module[.function], with middleware around */
    LUA_CODE_SESSION, /* module[.function] that serves connections */
};

struct lua_code {
    enum lua_code_kind kind;
    const char *directive;    /* "content_by_lua" */
    struct slice text;        /* inline source, or module[.function] */
    struct script *path;      /* of a file; may hold variables */
    struct slice chunk_name;  /* "=content_by_lua(nginx.conf:42)" */
    struct slice *middleware; /* outermost first */
    unsigned n_middleware;
    struct app_conf *conf;
    const struct config_node *node; /* the directive; NULL: a file named by variables */
    struct lua_code *next;          /* of app_conf.handlers or app_conf.inlines */
    int ref; /* registry reference of the loaded function in the current machine, LUA_NOREF before
              */
    unsigned machine; /* generation of the machine that `ref` belongs to */
};

/* `text` as this LuaJIT takes it. An empty statement, `{;}`, turns off the code of the block
 * around; it is Lua 5.2's, which OpenResty's LuaJIT is built to take, and Debian's is not. */
struct slice lua_code_text(struct slice text);

/* Pushes the function on the main state, loading it when needed (always for files and handlers with
 * lua_code_cache off). Returns 0; or the status to answer, with the text of the error on top
 * instead: 404 a file that is not there, 503 one that may not be read, 500 anything else. `v` may
 * be NULL where no file name has variables. */
int lua_code_push(struct lua_code *code, struct visit *v);

/* Loads a handler now, before the first request for it does. False with `e` filled, at the place of
 * the directive. */
bool lua_code_load_handler(struct lua_code *code, struct config_error *e);

/* Has it remarked in the log when the file of `code`, whose name holds no variables, cannot be
 * opened. */
void lua_code_remark_file(const struct lua_code *code);

/* Compiles `code` and those behind it, runs nothing and needs no machine. False with `e` filled:
 * one is not Lua, or the file of init_by_lua cannot be opened; at the line of the configuration
 * that it stands in. Other files may be missing. */
bool lua_code_check(const struct lua_code *code, struct config_error *e);

#endif
