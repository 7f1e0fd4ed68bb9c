/* The main chunk is a task like any other, so that it may await; the process ends when the loop has
 * nothing left, which is how a server that the script started keeps it alive. A chunk that still
 * waits then has failed.
 *
 * SIGINT and SIGTERM cancel the chunk and what it spawned, wait a moment for tasks to end, then the
 * process dies of that signal, which tells shells and service managers the truth. A second signal
 * does not wait, not even for Lua that never yields. */
#include "proc/script.h"

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/lua/lib_http.h"
#include "app/lua/lib_ngx.h"
#include "base/clock.h"
#include "base/err.h"
#include "bind/co.h"
#include "bind/machine.h"
#include "bind/vm.h"
#include "loop/loop.h"
#include "loop/signal.h"
#include "loop/timer.h"

enum { GRACE = 3000, POLL = 20 };

static struct {
    struct co *task; /* NULL: the chunk has ended */
    bool has_chunk;  /* there is one, unlike in the interactive interpreter */
    int code;
    int signum; /* that ends us, or 0 */
    unsigned polls;
    struct timer poll;
} script; /* process-wide: one script per process */

/* Lua's own print, the upvalue. */
static int l_print(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 0);
    if (ferror(stdout))
        signal_output_failed();
    return 0;
}

/* What a script has written shows when it waits, which may be for long, not when a buffer is full.
 */
static void show_output(void)
{
    if (fflush(stdout) != 0)
        signal_output_failed();
}

/* Does the chunk itself run, and not what it has set going: timers, tasks, handlers? */
static int l_is_chunk(lua_State *L)
{
    lua_pushboolean(L, !script.has_chunk || (script.task && co_current() == script.task));
    return 1;
}

/* In a script `print` writes to standard output, where the server's writes to its log; so do
 * ngx.print and its kin. */
static bool open_ngx(void)
{
    lua_State *L = vm_main();
    bool ok;

    lua_getglobal(L, "print");
    lua_pushcclosure(L, l_print, 1);
    ok = lib_ngx_open() && vm_push_function("ngx.api.script", "open");
    if (ok) {
        lua_pushcfunction(L, l_is_chunk);
        ok = vm_call(1, 0, "ngx of scripts");
    }
    lua_setglobal(L, "print");
    return ok;
}

bool script_open(void)
{
    struct machine_options o = {SLICE_EMPTY, SLICE_EMPTY};

    signal_ignore_pipe();
    app_register_directives();
    loop_init(LOOP_BEST);
    if (machine_open(&o) && lib_http_open() && open_ngx())
        return true;
    fprintf(stderr, "perilune: the Lua library in %s cannot be used\n", vm_lua_dir());
    return false;
}

void script_close(void)
{
    const char *debug = getenv("PERILUNE_DEBUG");

    if (debug && *debug && vm_push_function("perilune.task", "_report_leaks"))
        (void)vm_call(0, 0, "report of waiting tasks");
    machine_close();
}

static void on_end(struct co *co, enum co_result result, int n)
{
    UNUSED(n);
    script.task = NULL;
    if (result != CO_FAILED || script.signum)
        return;
    script.code = 1;
    fprintf(stderr, "perilune: %s\n", co_traceback(co));
    loop_stop();
}

static void on_poll(struct timer *t)
{
    if (co_count() == 0 || ++script.polls > GRACE / POLL)
        loop_stop();
    else
        timer_start(t, POLL);
}

static void on_signal(int signum, void *arg)
{
    UNUSED(arg);
    if (script.signum) {
        loop_stop();
        return;
    }
    script.signum = signum;
    if (script.task)
        co_cancel_err(script.task, &err_cancelled);
    timer_init(&script.poll, on_poll);
    timer_start(&script.poll, 1);
}

/* The loop has nothing left that could wake the chunk: what it awaits is settled by nobody. */
static void tell_of_wait(void)
{
    lua_State *L = vm_main();

    luaL_traceback(L, script.task->L, "the script waits for what nothing will settle", 0);
    fprintf(stderr, "perilune: %s\n", lua_tostring(L, -1));
    lua_pop(L, 1);
    script.code = 1;
}

/* Loads the chunk; the function, or the error text, is on top of the stack. */
static bool load(lua_State *L, const struct command *command)
{
    const char *name = command->subject;

    if (command->kind == COMMAND_EVAL)
        return luaL_loadbuffer(L, name, strlen(name), "=(command line)") == 0;
    return luaL_loadfile(L, strcmp(name, "-") == 0 ? NULL : name) == 0;
}

/* The table `arg`, as the standalone interpreter has it. */
static void set_arg(lua_State *L, const struct command *command)
{
    lua_newtable(L);
    lua_pushstring(L, command->kind == COMMAND_EVAL ? "-e" : command->subject);
    lua_rawseti(L, -2, 0);
    for (int i = 0; i < command->n_args; i++) {
        lua_pushstring(L, command->args[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setglobal(L, "arg");
}

static void start(lua_State *L, const struct command *command)
{
    struct co *co = co_new(NULL, on_end);

    script.task = co;
    script.has_chunk = true;
    lua_xmove(L, co->L, 1);
    luaL_checkstack(co->L, command->n_args + 1, "too many arguments");
    for (int i = 0; i < command->n_args; i++)
        lua_pushstring(co->L, command->args[i]);
    signal_watch_end(SIGINT, on_signal, NULL);
    signal_watch_end(SIGTERM, on_signal, NULL);
    clock_update(); /* loading took time: a first sleep counts from here */
    co_start(co, command->n_args);
}

int script_run(const struct command *command)
{
    lua_State *L;

    if (!script_open())
        return 1;
    L = vm_main();
    if (!load(L, command)) {
        fprintf(stderr, "perilune: %s\n", lua_tostring(L, -1));
        script_close();
        return 1;
    }
    set_arg(L, command);
    start(L, command);
    loop_before_wait(show_output);
    /* a chunk that failed before its first wait has stopped a loop that had not begun */
    loop_run();
    if (script.task && !script.signum)
        tell_of_wait();
    script_close();
    if (script.signum) {
        (void)fflush(NULL); /* dying of a signal writes nothing out */
        signal(script.signum, SIG_DFL);
        raise(script.signum);
    }
    return script.code;
}

static void push_arguments(lua_State *L, const struct command *command)
{
    lua_newtable(L);
    for (int i = 0; i < command->n_args; i++) {
        lua_pushstring(L, command->args[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

int script_routes(const struct command *command)
{
    static const char code[] = "require('perilune.http.router.command').show(...)";
    char *args[] = {(char *)(uintptr_t)command->subject};
    struct command c = {.kind = COMMAND_EVAL, .subject = code, .args = args, .n_args = 1};

    return script_run(&c);
}

int script_test(const struct command *command)
{
    struct machine_options o = {SLICE_EMPTY, SLICE_EMPTY};
    char program[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    lua_State *L;
    int code = 1;

    program[n > 0 ? n : 0] = '\0';
    loop_init(LOOP_BEST);
    L = machine_open(&o);
    if (!L || !vm_push_function("perilune.test", "run"))
        return 1;
    push_arguments(L, command);
    lua_pushstring(L, program);
    if (vm_call(2, 1, "perilune test"))
        code = (int)lua_tointeger(L, -1);
    machine_close();
    return code;
}
