/* It hangs on the task's log. Who asked for the timer is known by text, for it may be gone. */
#include "app/lua/lua_timer.h"

#include <lauxlib.h>
#include <string.h>

#include "app/lua/lua_kill.h"
#include "base/log.h"
#include "base/mem.h"
#include "bind/co.h"

static struct {
    unsigned n;
    void (*on_gone)(void);
} timers; /* process-wide: see lua_timer_count, lua_timer_on_gone */

struct timer_log {
    struct log_ctx ctx;
    unsigned n_tasks;
    struct list sockets;
    int ctx_ref; /* ngx.ctx */
    bool is_of_stream;
    char subject[];
};

static void describe(const struct log_ctx *ctx, struct buf *out)
{
    buf_add_lit(out, ", context: ngx.timer");
    buf_add_slice(out, slice_str(CONTAINER_OF(ctx, struct timer_log, ctx)->subject));
}

static struct timer_log *log_of(const struct co *co)
{
    if (!co || !co->log || co->log->describe != describe)
        return NULL;
    return CONTAINER_OF((struct log_ctx *)(uintptr_t)co->log, struct timer_log, ctx);
}

void lua_timer_begin(struct co *co, struct slice subject, bool is_of_stream)
{
    struct timer_log *log = mem_alloc(sizeof(*log) + subject.n + 1);

    log->ctx = (struct log_ctx){.describe = describe};
    log->n_tasks = 1;
    list_init(&log->sockets);
    log->ctx_ref = LUA_NOREF;
    log->is_of_stream = is_of_stream;
    memcpy(log->subject, subject.p, subject.n);
    log->subject[subject.n] = '\0';
    co->log = &log->ctx;
    timers.n++;
}

void lua_timer_join(struct co *co, const struct co *of)
{
    struct timer_log *log = log_of(of);

    co->log = of->log;
    if (log)
        log->n_tasks++;
}

bool lua_timer_leave(struct co *co)
{
    struct timer_log *log = log_of(co);

    return log && --log->n_tasks == 0;
}

void lua_timer_end(struct co *co)
{
    mem_free(log_of(co));
    co->log = NULL;
    timers.n--;
    if (timers.on_gone)
        timers.on_gone();
}

static void kill_other(struct co *co, void *arg)
{
    const struct co *self = arg;

    if (co != self && co->log == self->log)
        lua_kill(co);
}

void lua_timer_kill_others(const struct co *co)
{
    if (log_of(co))
        co_each(kill_other, (void *)(uintptr_t)co);
}

unsigned lua_timer_count(void)
{
    return timers.n;
}

void lua_timer_on_gone(void (*fn)(void))
{
    timers.on_gone = fn;
}

const char *lua_timer_subject(const struct co *co)
{
    const struct timer_log *log = log_of(co);

    return log ? log->subject : "";
}

struct list *lua_timer_sockets(const struct co *co)
{
    struct timer_log *log = log_of(co);

    return log ? &log->sockets : NULL;
}

int *lua_timer_ctx_ref(const struct co *co)
{
    struct timer_log *log = log_of(co);

    return log ? &log->ctx_ref : NULL;
}

bool lua_timer_is_of_stream(const struct co *co)
{
    const struct timer_log *log = log_of(co);

    return log && log->is_of_stream;
}

bool lua_timer_runs_for_stream(void)
{
    return lua_timer_is_of_stream(co_current());
}
