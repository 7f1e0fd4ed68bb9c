/* States move forward only, by ws_end_set_state: OPEN, CLOSING, LINGER, DEAD. ws_end_finish is the
 * one place where a conversation is over: it takes what is to be told to the user, and goes to
 * LINGER, where the last output goes out and input is dropped until the peer ends or the deadline
 * comes. */
#include "http/ws/ws_end.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/ws/ws_buffer.h"
#include "net/flush.h"

static struct mem_cache conns = MEM_CACHE(struct ws_conn, 1024); /* process-wide: kept for reuse */
static struct list all = LIST_INIT(all); /* process-wide: connections that are not dead */
static unsigned n_all;                   /* process-wide: how many */
static void (*on_gone)(void);            /* process-wide: who is told when one dies */

struct ws_conn *ws_end_new(void)
{
    struct ws_conn *c = mem_cache_take(&conns);

    memset(c, 0, sizeof *c);
    list_append(&all, &c->node);
    n_all++;
    return c;
}

static void destroy(void *p)
{
    struct ws_conn *c = p;

    ws_buffer_free(&c->in);
    if (c->reason)
        buf_free(c->reason);
    mem_free(c->reason);
    ws_deflate_free(&c->deflate);
    ws_options_release(&c->options);
    mem_cache_give(&conns, c);
}

void ws_end_free_later(struct ws_conn *c)
{
    loop_free_later(c, destroy);
}

struct list *ws_end_living(void)
{
    return &all;
}

unsigned ws_end_count(void)
{
    return n_all;
}

void ws_end_on_gone(void (*fn)(void))
{
    on_gone = fn;
}

void ws_end_set_state(struct ws_conn *c, enum ws_state to)
{
    CHECK(to > c->state);
    c->state = (uint8_t)to;
}

void ws_end_die(struct ws_conn *c, bool reset)
{
    if (c->state == WS_DEAD)
        return;
    ws_end_set_state(c, WS_DEAD);
    flush_forget(&c->out);
    stream_close(&c->stream, reset);
    outq_clear(&c->out);
    loop_cancel(&c->flush);
    timer_stop(&c->timer);
    list_remove(&c->node);
    n_all--;
    if (c->is_released)
        ws_end_free_later(c);
    if (on_gone)
        on_gone();
}

/* With a deadline the timer runs already. */
void ws_end_arm(struct ws_conn *c)
{
    const struct ws_options *o = c->options;
    uint64_t now = clock_ms(), at;

    if (c->has_deadline || c->state != WS_OPEN || !o->heartbeat_idle)
        return;
    at = c->last_read + o->heartbeat_idle + (c->has_pinged ? o->heartbeat_timeout : 0);
    if (!(timer_is_active(&c->timer) && c->timer.deadline <= at))
        timer_start(&c->timer, at > now ? at - now : 0);
}

void ws_end_set_deadline(struct ws_conn *c)
{
    if (c->has_deadline)
        return;
    c->has_deadline = true;
    timer_start(&c->timer, c->options->close_timeout);
}

void ws_end_finish(struct ws_conn *c, const struct err *err)
{
    if (c->state >= WS_LINGER)
        return;
    ws_end_set_state(c, WS_LINGER);
    c->err = err;
    ws_end_set_deadline(c);
    if (!c->is_released && c->callbacks->on_closed)
        c->callbacks->on_closed(c);
}

void ws_end_lose(struct ws_conn *c, const struct err *why)
{
    ws_end_finish(c, why);
    ws_end_die(c, true);
}
