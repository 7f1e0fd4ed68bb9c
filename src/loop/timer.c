/* The timer wheel.
 *
 * LEVELS wheels of 64 slots. A timer's level is the highest base-64 digit in which its deadline
 * differs from the wheel's time, its slot the deadline's digit there. Hence a slot of level 0 holds
 * one deadline, all of level n comes before all of level n + 1, slots of a level come in order, and
 * none ever wraps: what comes next is the lowest bit of the lowest level in use, two bit scans.
 * When time comes to a slot of a higher level, its timers move down (at most LEVELS - 1 times in a
 * timer's life). Moving time on within a slot changes no timer's level, since time never passes
 * over a slot in use.
 *
 * timer_collect moves what is due to `due`, in the order of deadlines; timer_fire calls it later in
 * the turn. A timer in `due` is armed like any other: it can be stopped or started anew until its
 * turn has come. What is started between the two lands in the wheel and waits for a later turn.
 *
 * Whether a timer is background is kept in the top bit of its deadline, so that it stays at 40
 * bytes. */
#include "loop/timer.h"

#include "base/check.h"
#include "base/clock.h"
#include "loop/loop_ev.h"

enum { DIGIT = 6, SLOTS = 1 << DIGIT, LEVELS = 7 };

#define BACKGROUND ((uint64_t)1 << 63)
#define LATEST     (((uint64_t)1 << (DIGIT * LEVELS)) - 1) /* 139 years from the clock's start */

_Static_assert(sizeof(struct timer) <= 40, "timers are embedded in every connection");

static struct {
    uint64_t now; /* everything up to here has been collected */
    uint64_t slots_used[LEVELS];
    unsigned levels_used;
    unsigned armed;
    struct list due;
    struct list slots[LEVELS * SLOTS];
} wheel; /* process-wide: the one loop's timers */

static inline uint64_t deadline_of(const struct timer *t)
{
    return t->deadline & ~BACKGROUND;
}

static inline unsigned foreground_of(const struct timer *t)
{
    return t->deadline & BACKGROUND ? 0 : 1;
}

void timer_init_wheel(void)
{
    for (size_t i = 0; i < ARRAY_LEN(wheel.slots); i++)
        list_init(&wheel.slots[i]);
    list_init(&wheel.due);
    for (unsigned i = 0; i < LEVELS; i++)
        wheel.slots_used[i] = 0;
    wheel.levels_used = 0;
    wheel.armed = 0;
    wheel.now = clock_ms();
}

static void insert(struct timer *t)
{
    uint64_t deadline = deadline_of(t);
    unsigned level = (63 - (unsigned)__builtin_clzll((deadline ^ wheel.now) | 1)) / DIGIT;
    unsigned slot = (unsigned)(deadline >> (level * DIGIT)) % SLOTS;

    list_append(&wheel.slots[level * SLOTS + slot], &t->node);
    wheel.slots_used[level] |= (uint64_t)1 << slot;
    wheel.levels_used |= 1u << level;
}

static void mark_empty(unsigned level, unsigned slot)
{
    wheel.slots_used[level] &= ~((uint64_t)1 << slot);
    if (!wheel.slots_used[level])
        wheel.levels_used &= ~(1u << level);
}

static void take_out(struct timer *t)
{
    struct list *head = t->node.next;
    bool is_last = head == t->node.prev; /* then what stands on both sides is the list's head */

    list_remove(&t->node);
    if (is_last && head != &wheel.due) {
        unsigned i = (unsigned)(head - wheel.slots);

        mark_empty(i / SLOTS, i % SLOTS);
    }
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
    list_init(&t->node);
    t->deadline = 0;
    t->fn = fn;
}

void timer_start(struct timer *t, uint64_t ms)
{
    uint64_t now = clock_ms(), ticks = ms ? ms + 1 : 0;

    if (timer_is_active(t)) {
        take_out(t);
    } else {
        wheel.armed++;
        loop_ev_active += foreground_of(t);
    }
    t->deadline = (t->deadline & BACKGROUND) | (ms < LATEST - now ? now + ticks : LATEST);
    insert(t);
}

void timer_stop(struct timer *t)
{
    if (!timer_is_active(t))
        return;
    take_out(t);
    wheel.armed--;
    loop_ev_active -= foreground_of(t);
}

uint64_t timer_left(const struct timer *t)
{
    uint64_t now = clock_ms();

    return timer_is_active(t) && deadline_of(t) > now ? deadline_of(t) - now : 0;
}

void timer_set_background(struct timer *t)
{
    timer_stop(t);
    t->deadline |= BACKGROUND;
}

unsigned timer_count(void)
{
    return wheel.armed;
}

/* The first moment of the first slot in use; some slot must be. */
static uint64_t first_slot(unsigned *level_out, unsigned *slot_out)
{
    unsigned level = (unsigned)__builtin_ctz(wheel.levels_used);
    unsigned slot = (unsigned)__builtin_ctzll(wheel.slots_used[level]);
    unsigned shift = level * DIGIT;

    *level_out = level;
    *slot_out = slot;
    return (wheel.now >> shift >> DIGIT << DIGIT << shift) | (uint64_t)slot << shift;
}

uint64_t timer_next(void)
{
    unsigned level, slot;

    return wheel.levels_used ? first_slot(&level, &slot) : UINT64_MAX;
}

void timer_collect(void)
{
    uint64_t now = clock_ms();

    while (wheel.levels_used) {
        unsigned level, slot;
        uint64_t start = first_slot(&level, &slot);
        struct list *from = &wheel.slots[level * SLOTS + slot], *node;

        if (start > now)
            break;
        mark_empty(level, slot);
        wheel.now = start;
        if (level == 0)
            list_splice(&wheel.due, from);
        else
            while ((node = list_pop(from)) != NULL)
                insert(CONTAINER_OF(node, struct timer, node));
    }
    if (now > wheel.now)
        wheel.now = now;
}

void timer_fire(void)
{
    struct list *node;

    while ((node = list_pop(&wheel.due)) != NULL) {
        struct timer *t = CONTAINER_OF(node, struct timer, node);

        wheel.armed--;
        loop_ev_active -= foreground_of(t);
        t->fn(t);
    }
}
