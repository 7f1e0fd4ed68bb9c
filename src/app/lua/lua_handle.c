/* A table of slots with a free list through it. Slots are never given back, their number is that of
 * the most visits with Lua at one time. */
#include "app/lua/lua_handle.h"

#include "base/base.h"
#include "base/check.h"
#include "base/mem.h"

enum { SLOT_BITS = 20, SLOTS_MOST = 1 << SLOT_BITS };

struct slot {
    struct visit *visit;
    uint64_t use; /* 33 bits are part of the name */
    uint32_t next_free;
};

static struct slot *slots;   /* process-wide: all slots; 0 is never used */
static uint32_t n_slots = 1; /* process-wide: of them in existence */
static uint32_t size;        /* process-wide: allocated */
static uint32_t first_free;  /* process-wide: head of the free list, 0: empty */

static uint32_t take_slot(void)
{
    uint32_t i = first_free;

    if (i) {
        first_free = slots[i].next_free;
        return i;
    }
    if (n_slots >= size) {
        size = size ? size * 2 : 64;
        slots = mem_realloc(slots, size * sizeof *slots);
    }
    CHECK(n_slots < SLOTS_MOST);
    slots[n_slots] = (struct slot){NULL, 0, 0};
    return n_slots++;
}

double lua_handle_new(struct visit *v)
{
    uint32_t i = take_slot();

    slots[i].visit = v;
    slots[i].use = (slots[i].use + 1) & 0x1ffffffff;
    return (double)(slots[i].use << SLOT_BITS | i);
}

struct visit *lua_handle_get(double handle)
{
    uint64_t n = (uint64_t)handle;
    uint32_t i = (uint32_t)n & (SLOTS_MOST - 1);

    if (!(handle > 0) || i >= n_slots || slots[i].use != n >> SLOT_BITS)
        return NULL;
    return slots[i].visit;
}

void lua_handle_free(double handle)
{
    uint32_t i = (uint32_t)(uint64_t)handle & (SLOTS_MOST - 1);

    if (!lua_handle_get(handle))
        return;
    slots[i].visit = NULL;
    slots[i].next_free = first_free;
    first_free = i;
}
