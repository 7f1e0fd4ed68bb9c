/* A socket that several processes listen on gives its connections to whoever asks first. A client
 * that opens many at once and keeps them may end up at one worker, the others idle. So a worker
 * that holds more than its share waits a moment before it accepts (app.c), and another one may be
 * first.
 *
 * Numbers of others may be out of date; they only have to tell a crowd from an empty room. What few
 * connections do is no matter. */
#include "app/fair_share.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/mem.h"

enum { FEW = 4, TOLERANCE = 8 };

struct note {
    _Atomic unsigned held;
    _Atomic int pid;
};

static struct {
    struct note *notes; /* one for each worker; NULL: there are no others */
    int n, id;
} page; /* process-wide: shared with the other workers */

void fair_share_open(int n)
{
    mem_unshare(page.notes, (size_t)page.n * sizeof(*page.notes));
    page.notes = mem_share((size_t)n * sizeof(*page.notes));
    page.n = n;
}

void fair_share_join(int id)
{
    page.id = id;
    if (!page.notes)
        return;
    atomic_store(&page.notes[id].held, 0);
    atomic_store(&page.notes[id].pid, getpid());
}

bool fair_share_note(unsigned n)
{
    unsigned long all = 0, share;

    if (!page.notes || page.n < 2)
        return false;
    atomic_store_explicit(&page.notes[page.id].held, n, memory_order_relaxed);
    for (int i = 0; i < page.n; i++)
        all += atomic_load_explicit(&page.notes[i].held, memory_order_relaxed);
    share = all / (unsigned)page.n;
    return n > share + share / TOLERANCE + FEW;
}

int fair_share_pid(int id)
{
    return page.notes && id < page.n ? atomic_load(&page.notes[id].pid) : 0;
}
