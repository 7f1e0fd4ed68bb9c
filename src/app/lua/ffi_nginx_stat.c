/* Nothing is called when a variable is read, so the sums are made ahead: before the first task of a
 * turn of the loop, and those behind it read the same. */
#include "app/lua/ffi_nginx_stat.h"

#include "app/server_counts.h"
#include "bind/co.h"
#include "loop/loop.h"

static uint64_t accepted, requests, active, reading, writing, waiting; /* process-wide: the sums */

uint64_t *ngx_stat_accepted = &accepted; /* process-wide: a name of nginx */
uint64_t *ngx_stat_handled = &accepted;  /* process-wide: a name of nginx */
uint64_t *ngx_stat_requests = &requests; /* process-wide: a name of nginx */
uint64_t *ngx_stat_active = &active;     /* process-wide: a name of nginx */
uint64_t *ngx_stat_reading = &reading;   /* process-wide: a name of nginx */
uint64_t *ngx_stat_writing = &writing;   /* process-wide: a name of nginx */
uint64_t *ngx_stat_waiting = &waiting;   /* process-wide: a name of nginx */

static void on_turn_end(struct loop_call *call)
{
    UNUSED(call);
}

/* process-wide: queued while the sums are of this turn */
static struct loop_call turn = {LIST_INIT(turn.node), on_turn_end};

static void add_up(void)
{
    struct server_stats all;

    server_counts_get(&all);
    accepted = all.accepted;
    requests = all.requests;
    active = all.active;
    reading = all.reading;
    writing = all.writing;
    waiting = all.waiting;
}

static void add_up_for_turn(void)
{
    if (loop_call_is_queued(&turn))
        return;
    loop_at_end(&turn);
    add_up();
}

void ffi_nginx_stat_follow(void)
{
    add_up();
    co_before_resume(add_up_for_turn);
}
