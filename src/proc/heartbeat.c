/* A timer of the worker's loop counts: a worker whose counter stands still does not turn its loop.
 */
#include "proc/heartbeat.h"

#include <sys/mman.h>

#include "base/check.h"
#include "loop/timer.h"

static struct {
    struct heartbeat *page;
    struct timer timer;
    uint64_t interval;
} beating; /* process-wide: this process's own heartbeat */

struct heartbeat *heartbeat_new(void)
{
    struct heartbeat *h =
        mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (h == MAP_FAILED)
        PANIC("no memory for a shared page");
    return h;
}

void heartbeat_free(struct heartbeat **h)
{
    if (*h)
        munmap(*h, sizeof(**h));
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
