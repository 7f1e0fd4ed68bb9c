/* A stuck worker will be killed; before, its Lua stack goes to the log.
 *
 * The safe way is a debug hook: set from the handler (which LuaJIT allows), it runs between two
 * instructions of the interpreter. Compiled code and blocking C functions never come to that, so
 * that the second signal walks the stack from the handler itself with the functions that allocate
 * nothing. What it sees may be out of date. */
#include "proc/dump.h"

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/log.h"
#include "bind/co.h"
#include "bind/vm.h"

enum { DUMP_SIZE = 4096, LEVELS_MOST = 40 };

static volatile sig_atomic_t is_asked;    /* process-wide: the hook is set */
static volatile sig_atomic_t is_answered; /* process-wide: the stack is in the log */

int dump_signal(void)
{
    return SIGUSR2;
}

static void on_hook(lua_State *L, lua_Debug *ar)
{
    UNUSED(ar);
    lua_sethook(L, NULL, 0, 0);
    if (is_answered)
        return;
    is_answered = 1;
    luaL_traceback(L, L, "watchdog: Lua is busy here", 0);
    log_text(NULL, LOG_ALERT, slice_str(lua_tostring(L, -1)));
    lua_pop(L, 1);
}

/* Appends to the text of `n` bytes, cut to the room. */
PRINTF_LIKE(3, 4) static size_t add(char *text, size_t n, const char *fmt, ...)
{
    va_list ap;
    int more;

    va_start(ap, fmt);
    more = vsnprintf(text + n, DUMP_SIZE - n, fmt, ap);
    va_end(ap);
    return more > 0 ? MIN(n + (size_t)more, (size_t)DUMP_SIZE - 1) : n;
}

static size_t add_frames(char *text, size_t n, lua_State *L)
{
    lua_Debug ar;

    for (int level = 0; level < LEVELS_MOST && lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "nSl", &ar))
            break;
        n = add(text, n, "\n\t%s:", ar.short_src);
        if (ar.currentline > 0)
            n = add(text, n, "%d:", ar.currentline);
        n = add(text, n, " in function %s", ar.name ? ar.name : "?");
    }
    return n;
}

static void answer_here(void)
{
    const struct log_sink *sink = log_default();
    char text[DUMP_SIZE];
    struct slice date = clock_log_date();
    lua_State *L = co_current() ? co_current()->L : vm_main();
    int pid = (int)getpid();
    ssize_t done;
    size_t n;

    n = add(text, 0, SLICE_FMT " [alert] %d#%d: watchdog: Lua was last seen here\nstack traceback:",
            SLICE_ARG(date), pid, pid);
    if (L)
        n = add_frames(text, n, L);
    text[n++] = '\n';
    done = write(sink->path ? sink->fd : STDERR_FILENO, text, n);
    UNUSED(done);
}

static void on_asked(int signum)
{
    UNUSED(signum);
    if (is_answered || !vm_main())
        return;
    if (is_asked) {
        is_answered = 1;
        answer_here();
        return;
    }
    is_asked = 1;
    lua_sethook(vm_main(), on_hook, LUA_MASKCOUNT, 1);
}

void dump_install(void)
{
    struct sigaction action = {.sa_handler = on_asked, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(dump_signal(), &action, NULL);
}
