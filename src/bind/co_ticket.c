/* Every task there ever was, by its number; what a ticket means. */
#include "bind/co_ticket.h"

#include "base/check.h"
#include "base/mem.h"

/* A double holds integers of 53 bits: the number of a wait takes 32 of them. */
enum { TASKS_MOST = 1 << 21, WAIT_BITS = 32 };

static struct {
    struct co **list;
    uint32_t n, size;
} all; /* process-wide: every task there ever was, by its id */

uint32_t co_ticket_number(struct co *co)
{
    if (all.n == all.size) {
        all.size = all.size ? all.size * 2 : 64;
        all.list = mem_realloc(all.list, all.size * sizeof(*all.list));
    }
    CHECK(all.n < TASKS_MOST);
    all.list[all.n] = co;
    return all.n++;
}

struct co *co_ticket_nth(uint32_t id)
{
    return id < all.n ? all.list[id] : NULL;
}

double co_ticket(const struct co *co, uint32_t wait)
{
    return (double)((uint64_t)co->id << WAIT_BITS | wait);
}

struct co *co_ticket_task(double ticket, uint32_t *wait_out)
{
    uint64_t most = (uint64_t)TASKS_MOST << WAIT_BITS;
    uint64_t t = ticket >= 0 && ticket < (double)most ? (uint64_t)ticket : UINT64_MAX;

    *wait_out = (uint32_t)t;
    return co_ticket_nth((uint32_t)(t >> WAIT_BITS));
}
