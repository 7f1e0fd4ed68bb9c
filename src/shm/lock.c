/* A lock holds the name of its owner. Taking it is one compare-and-swap, a third of what a robust
 * mutex costs; who waits for long asks whether the owner is alive, and takes its place when it is
 * not.
 *
 * Each process has a seat in a page that all share, with a lock for life in it (shm/life.h). Its
 * name is the number of the seat and how often that has been taken, so that the name of a dead
 * process is never that of a living one.
 *
 * What is done under these locks takes some 50 ns. Who finds one taken spins for about that, then
 * lets other processes run: the owner has been interrupted, on a machine with more work than
 * processors. */
#include "shm/lock.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "shm/life.h"

enum { SEATS = 4096, SPINS = 60, YIELDS = 20, NAP_US = 50, SEAT_BITS = 16 };

struct seat {
    struct life life;
    _Atomic uint64_t times; /* taken */
};

uint64_t lock_self; /* process-wide: this process's name */

static struct seat *seats; /* process-wide: shared by all processes */

static void forget_self(void)
{
    lock_self = 0;
}

static void open_seats(void)
{
    if (seats)
        return;
    seats = mmap(NULL, SEATS * sizeof(*seats), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (seats == MAP_FAILED)
        PANIC("no memory for a shared page");
    CHECK(pthread_atfork(NULL, NULL, forget_self) == 0);
    for (int i = 1; i < SEATS; i++)
        life_init(&seats[i].life);
}

void lock_init(struct lock *l)
{
    open_seats();
    atomic_init(&l->owner, 0);
}

static void take_seat(void)
{
    for (uint64_t i = 1; i < SEATS; i++) {
        if (!life_take(&seats[i].life))
            continue;
        lock_self = (atomic_fetch_add(&seats[i].times, 1) + 1) << SEAT_BITS | i;
        return;
    }
    PANIC("more than %d processes share memory", SEATS - 1);
}

void lock_enlist(void)
{
    open_seats();
    if (!lock_self)
        take_seat();
}

bool lock_is_alive(uint64_t name)
{
    struct seat *s = &seats[name & ((1 << SEAT_BITS) - 1)];

    if (name == lock_self)
        return true;
    if (atomic_load(&s->times) != name >> SEAT_BITS)
        return false; /* somebody younger sits there */
    if (!life_take(&s->life))
        return atomic_load(&s->times) == name >> SEAT_BITS;
    life_give(&s->life);
    return false;
}

/* Takes the place of an owner that is dead. */
static bool inherit(struct lock *l, uint64_t owner)
{
    struct seat *s = &seats[owner & ((1 << SEAT_BITS) - 1)];
    bool is_mine;

    if (atomic_load(&s->times) != owner >> SEAT_BITS)
        return atomic_compare_exchange_strong(&l->owner, &owner, lock_self);
    if (!life_take(&s->life))
        return false;
    is_mine = atomic_load(&s->times) == owner >> SEAT_BITS &&
              atomic_compare_exchange_strong(&l->owner, &owner, lock_self);
    life_give(&s->life);
    return is_mine;
}

static bool try(struct lock *l)
{
    uint64_t nobody = 0;

    return atomic_load_explicit(&l->owner, memory_order_relaxed) == 0 &&
           atomic_compare_exchange_strong(&l->owner, &nobody, lock_self);
}

bool lock_take_slow(struct lock *l)
{
    uint64_t owner;

    if (!lock_self)
        take_seat();
    for (unsigned round = 0;; round++) {
        for (int i = 0; i < SPINS; i++) {
            if (try(l))
                return true;
            atomic_signal_fence(memory_order_seq_cst);
        }
        owner = atomic_load(&l->owner);
        if (owner && owner != lock_self && inherit(l, owner))
            return false;
        if (round < YIELDS)
            sched_yield();
        else
            usleep(NAP_US);
    }
}
