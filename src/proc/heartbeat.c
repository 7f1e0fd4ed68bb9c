/* A timer of the worker's loop counts: a worker whose counter stands still does not turn its loop.
 */
#include "proc/heartbeat.h"

#include "base/mem.h"
#include "loop/timer.h"

static struct {
    struct heartbeat *page;
    struct timer timer;
    uint64_t interval;
} beating; /* process-wide: this process's own heartbeat */

struct heartbeat *heartbeat_new(void)
{
    return mem_share(sizeof(struct heartbeat));
}

void heartbeat_free(struct heartbeat **h)
{
    mem_unshare(*h, sizeof(**h));
    *h = NULL;
}

static void on_beat(struct timer *t)
{
    atomic_fetch_add(&beating.page->beats, 1);
    timer_start(t, beating.interval);
}

void heartbeat_start(struct heartbeat *h, uint64_t interval)
{
    if (!h)
        return;
    beating.page = h;
    beating.interval = interval;
    atomic_fetch_add(&h->beats, 1);
    if (interval == 0)
        return;
    timer_init(&beating.timer, on_beat);
    timer_set_background(&beating.timer);
    timer_start(&beating.timer, interval);
}
