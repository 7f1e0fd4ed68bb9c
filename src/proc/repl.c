/* stdin → lines → lua/perilune/repl.lua, which evaluates, prints and prompts. Lines are edited by
 * the terminal. stdin is read when it is readable and never made non-blocking, because the shell
 * shares it; the loop goes on between two lines. */
#include "proc/repl.h"

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <unistd.h>

#include "base/buf.h"
#include "bind/vm.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/signal.h"
#include "proc/script.h"

enum { READ_MOST = 65536, LINE_MOST = 16 * 1024 * 1024 };

static struct {
    struct io in;
    struct buf pending; /* a line without its end */
} repl;                 /* process-wide: one terminal */

/* Calls a function of the Lua side; `text` may be NULL. */
static void tell(const char *function, const struct slice *text)
{
    lua_State *L = vm_main();

    if (!vm_push_function("perilune.repl", function))
        return;
    if (text)
        lua_pushlstring(L, text->p, text->n);
    vm_call(text ? 1 : 0, 0, "repl");
}

static void feed_lines(void)
{
    struct slice rest = buf_slice(&repl.pending), line;
    size_t taken = 0;

    while (memchr(rest.p, '\n', rest.n)) {
        line = slice_cut(&rest, '\n');
        taken += line.n + 1;
        tell("feed", &line);
    }
    buf_drop(&repl.pending, taken);
}

static void finish(void)
{
    struct slice last = buf_slice(&repl.pending);

    io_watch(&repl.in, 0);
    if (last.n)
        tell("feed", &last);
    tell("finish", NULL);
}

static void on_readable(struct io *io, int events)
{
    char *p = buf_reserve(&repl.pending, READ_MOST);
    ssize_t n = read(io_fd(io), p, READ_MOST);

    UNUSED(events);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0 || repl.pending.n > LINE_MOST) {
        finish();
        return;
    }
    repl.pending.n += (size_t)n;
    feed_lines();
}

static void on_interrupt(int signum, void *arg)
{
    UNUSED(signum);
    UNUSED(arg);
    tell("interrupt", NULL);
}

/* quit(): what the Lua side calls when it is through */
static int l_quit(lua_State *L)
{
    UNUSED(L);
    loop_stop();
    return 0;
}

int repl_run(void)
{
    lua_State *L;

    if (!script_open())
        return 1;
    L = vm_main();
    if (!vm_push_function("perilune.repl", "start"))
        return 1;
    lua_pushboolean(L, isatty(STDIN_FILENO));
    lua_pushcfunction(L, l_quit);
    if (!vm_call(2, 0, "repl"))
        return 1;
    signal_watch_end(SIGINT, on_interrupt, NULL); /* a line that never ends: with the second */
    io_init(&repl.in, STDIN_FILENO, on_readable);
    io_watch(&repl.in, IO_READ);
    loop_hold();
    loop_run();
    loop_release();
    io_watch(&repl.in, 0);
    buf_free(&repl.pending);
    script_close();
    return 0;
}
