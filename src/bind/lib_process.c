/* Processes as Lua sees them: a value for the process, and one of perilune.core.stream for each
 * pipe. The process is killed when its value is collected or its owner ends; the end of it is
 * remembered by the value.
 *
 * One task waits for the end of a process; whoever wants more shares a deferred. */
#include "bind/lib_process.h"

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/mem.h"
#include "bind/handle.h"
#include "bind/lib_stream.h"
#include "bind/opts.h"
#include "bind/vm.h"
#include "net/process.h"

#define TYPE "perilune.process"

struct lib_process {
    struct process *process; /* NULL: not started, or it has ended, or was let go */
    pid_t pid;
    int wait_status; /* once it has ended */
    bool has_ended;
    bool is_told; /* its life is told in the log, in the words of OpenResty's module */
    struct owned owner;
    struct lib_stream_waiter waiter;
};

static struct lib_process *check_process(lua_State *L, int arg)
{
    return luaL_checkudata(L, arg, TYPE);
}

struct owned *lib_process_owned(lua_State *L, int arg)
{
    return &check_process(L, arg)->owner;
}

static void destroy(struct lib_process *p)
{
    owned_give(&p->owner, NULL);
    if (!p->process)
        return;
    if (p->is_told)
        log_write(NULL, LOG_DEBUG, "lua pipe destroy process:%p pid:%d", (void *)p, (int)p->pid);
    if (p->is_told && !p->has_ended)
        log_write(NULL, LOG_DEBUG, "lua pipe kill process:%p pid:%d", (void *)p, (int)p->pid);
    process_release(&p->process);
}

static void wake(const struct lib_process *p)
{
    if (p->waiter.co)
        co_wake(p->waiter.co, p->waiter.wait);
}

static void on_owner_lost(struct owned *o)
{
    struct lib_process *p = CONTAINER_OF(o, struct lib_process, owner);

    destroy(p);
    wake(p);
}

static void on_end(struct process *process)
{
    struct lib_process *p = process->user;

    if (p->is_told)
        log_write(NULL, LOG_NOTICE, "signal %d (SIGCHLD) received from %d", SIGCHLD, (int)p->pid);
    p->has_ended = true;
    p->wait_status = process->wait_status;
    wake(p);
}

static int fail(lua_State *L, int errnum)
{
    lua_pushnil(L);
    lua_pushstring(L, err_from_errno(errnum)->code);
    lua_pushstring(L, strerror(errnum));
    return 3;
}

/* --- starting --- */

/* The array at `t` as a vector that ends with NULL, of strings that live as long as the table.
 * NULL: there is no table. */
static char **texts_of(lua_State *L, int t)
{
    size_t n;
    char **texts;

    if (!lua_istable(L, t))
        return NULL;
    n = lua_objlen(L, t);
    texts = lua_newuserdata(L, (n + 1) * sizeof(*texts)); /* left on the stack */
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, t, (int)i + 1);
        texts[i] = (char *)(uintptr_t)luaL_checkstring(L, -1);
        lua_pop(L, 1);
    }
    texts[n] = NULL;
    return texts;
}

static enum process_end end_of(lua_State *L, const char *name)
{
    const char *text = opts_text(L, 2, name);

    if (!text || strcmp(text, "pipe") == 0)
        return PROCESS_PIPE;
    if (strcmp(text, "null") == 0)
        return PROCESS_NULL;
    return strcmp(text, "stdout") == 0 ? PROCESS_TO_STDOUT : PROCESS_INHERIT;
}

static void read_options(lua_State *L, struct process_options *o)
{
    static const char *const names[PROCESS_ENDS] = {"stdin", "stdout", "stderr"};

    o->argv = texts_of(L, 1);
    lua_getfield(L, 2, "env");
    o->env = texts_of(L, lua_gettop(L));
    o->dir = opts_text(L, 2, "dir");
    for (int i = 0; i < PROCESS_ENDS; i++)
        o->ends[i] = end_of(L, names[i]);
}

/* spawn(argv, options) → process, and a stream or nil for each of stdin, stdout, stderr; or nil, a
 * code and a text. options: env (array of "NAME=value"), dir, is_told, and for stdin,
 * stdout and stderr "pipe", "null", "inherit" or (stderr) "stdout" */
static int l_spawn(lua_State *L)
{
    struct process_options o;
    struct stream *ends[PROCESS_ENDS];
    struct lib_process *p;
    int rc;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_argcheck(L, lua_objlen(L, 1) > 0, 1, "program expected");
    p = lua_newuserdata(L, sizeof(*p));
    memset(p, 0, sizeof(*p));
    owned_init(&p->owner, on_owner_lost);
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    read_options(L, &o);
    p->is_told = opts_flag(L, 2, "is_told");
    rc = process_spawn(&o, &p->process, ends);
    if (rc) {
        if (p->is_told)
            log_write(NULL, LOG_ERROR, "lua pipe child execvp() failed while executing %s (%d: %s)",
                      o.argv[0], rc, strerror(rc));
        return fail(L, rc);
    }
    p->process->on_end = on_end;
    p->process->user = p;
    p->pid = p->process->pid;
    lua_pushvalue(L, 3);
    for (int i = 0; i < PROCESS_ENDS; i++) {
        if (ends[i])
            lib_stream_open(lib_stream_push(L), ends[i]);
        else
            lua_pushnil(L);
    }
    return 1 + PROCESS_ENDS;
}

/* --- the rest --- */

static int push_status(lua_State *L, int wait_status)
{
    bool is_signal = WIFSIGNALED(wait_status);

    lua_pushstring(L, is_signal ? "signal" : "exit");
    lua_pushinteger(L, is_signal ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
    return 2;
}

/* status(p) → "exit" or "signal", and its number; nothing while it runs; nil and "closed" when it
 * was let go */
static int l_status(lua_State *L)
{
    const struct lib_process *p = check_process(L, 1);

    if (p->has_ended)
        return push_status(L, p->wait_status);
    return p->process ? 0 : fail(L, EPIPE);
}

/* wait(p[, ms]) → as status; or the wait token: ask for the status afterwards, there is none when
 * the time is over; or nil and "busy", "closed" */
static int l_wait(lua_State *L)
{
    struct lib_process *p = check_process(L, 1);
    lua_Number ms = luaL_optnumber(L, 2, 0);
    int n;

    if (p->has_ended)
        return push_status(L, p->wait_status);
    if (!p->process)
        return fail(L, EPIPE);
    if (lib_stream_is_busy(&p->waiter))
        return fail(L, EBUSY);
    n = lib_stream_begin_wait(L, &p->waiter);
    if (ms > 0)
        p->waiter.wait = co_begin_sleep(p->waiter.co, (uint64_t)ms);
    return n;
}

/* kill(p, signal) → true; or nil and a code: "not_found" when it has ended */
static int l_kill(lua_State *L)
{
    const struct lib_process *p = check_process(L, 1);
    int rc = p->process ? process_signal(p->process, (int)luaL_checkinteger(L, 2)) : ESRCH;

    if (rc)
        return fail(L, rc);
    lua_pushboolean(L, 1);
    return 1;
}

static int l_pid(lua_State *L)
{
    lua_pushinteger(L, check_process(L, 1)->pid);
    return 1;
}

/* destroy(p): kills it when it still runs; nothing is to be had from it afterwards */
static int l_destroy(lua_State *L)
{
    struct lib_process *p = check_process(L, 1);

    destroy(p);
    wake(p);
    return 0;
}

/* signal(name) → its number, nil when there is none of that name; without "SIG" */
static int l_signal(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);

    for (int i = 1; i < NSIG; i++) {
        const char *known = sigabbrev_np(i);

        if (known && strcmp(known, name) == 0) {
            lua_pushinteger(L, i);
            return 1;
        }
    }
    return 0;
}

static int l_gc(lua_State *L)
{
    destroy(check_process(L, 1));
    return 0;
}

int lib_process(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"spawn", l_spawn}, {"status", l_status},   {"wait", l_wait},     {"kill", l_kill},
        {"pid", l_pid},     {"destroy", l_destroy}, {"signal", l_signal}, {NULL, NULL},
    };

    handle_type(L, TYPE, "process", l_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    lua_pushlightuserdata(L, co_wait_token());
    lua_setfield(L, -2, "WAIT");
    return 1;
}
