/* Leaky buckets, one a kind, drained together and only when something is counted. A frame counts as
 * many parts as a bucket takes ms to empty, so that nothing is lost to rounding however often it
 * leaks.
 *
 * To watch another kind of frame: a constant in the enum, a name here, a default where the limits
 * are set, a case where frames are looked at (h2_look.c). */
#include "proto/h2_flood.h"

enum { EMPTIES_IN_MS = 10000, STEP_MS = 250 };

#define FRAME ((uint64_t)EMPTIES_IN_MS) /* parts */

static const char *const names[] = {
    [H2_FLOOD_RESETS] = "reset streams",
    [H2_FLOOD_SETTINGS] = "SETTINGS frames",
    [H2_FLOOD_PINGS] = "PING frames",
    [H2_FLOOD_EMPTY] = "empty DATA frames",
    [H2_FLOOD_PRIORITIES] = "PRIORITY frames",
    [H2_FLOOD_WINDOWS] = "WINDOW_UPDATE frames",
    [H2_FLOOD_FRAGMENTS] = "CONTINUATION frames",
    [H2_FLOOD_CLOSED] = "frames on closed streams",
};

void h2_flood_init(struct h2_flood *f, const uint32_t *most, uint64_t now_ms)
{
    *f = (struct h2_flood){.most = most, .at = now_ms};
}

static void leak(struct h2_flood *f, uint64_t ms)
{
    for (unsigned k = 0; k < H2_FLOOD_KIND_COUNT; k++) {
        uint64_t n = ms >= EMPTIES_IN_MS ? f->level[k] : f->most[k] * ms;

        f->level[k] -= MIN(n, f->level[k]);
    }
}

bool h2_flood_count(struct h2_flood *f, enum h2_flood_kind kind, uint64_t now_ms)
{
    if (now_ms - f->at >= STEP_MS) {
        leak(f, now_ms - f->at);
        f->at = now_ms;
    }
    f->level[kind] += FRAME;
    return f->most[kind] == 0 || f->level[kind] <= f->most[kind] * FRAME;
}

void h2_flood_pay(struct h2_flood *f, enum h2_flood_kind kind, uint32_t n)
{
    f->level[kind] -= MIN(n * FRAME, f->level[kind]);
}

const char *h2_flood_name(enum h2_flood_kind kind)
{
    return names[kind];
}
