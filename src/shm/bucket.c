/* An entry expires when its bucket is as good as new: the next drop would find no excess. Time is
 * the monotonic clock, which the processes of a machine share. */
#include "shm/bucket.h"

#include <string.h>

#include "base/clock.h"

struct level {
    int64_t at; /* clock_ms */
    uint64_t excess;
};

struct change {
    struct bucket *b;
    struct level level; /* what is stored */
    bool is_trial, is_full;
};

/* What is left of `excess` after `ms`. */
static uint64_t drain(uint64_t excess, uint64_t rate, int64_t ms)
{
    unsigned __int128 out = (unsigned __int128)rate * (uint64_t)ms / 1000;

    return out < excess ? excess - (uint64_t)out : 0;
}

static bool add(void *user, struct dict_item *item)
{
    struct change *c = user;
    struct bucket *b = c->b;
    struct level old;

    c->level = (struct level){.at = (int64_t)clock_ms()};
    if (item->type == DICT_TABLE && item->n == sizeof(old)) {
        memcpy(&old, item->p, sizeof(old));
        /* the clocks of two processes are read at different times of their turns */
        c->level.at = MAX(c->level.at, old.at);
        c->level.excess = drain(old.excess + BUCKET_DROP, b->rate, c->level.at - old.at);
    }
    b->excess = c->level.excess;
    c->is_full = b->excess > b->most;
    if (c->is_full || c->is_trial)
        return false;
    *item = (struct dict_item){
        .type = DICT_TABLE,
        .p = (const char *)&c->level,
        .n = sizeof(c->level),
        .ttl = (int64_t)((b->excess + BUCKET_DROP) * 1000 / b->rate) + 1,
    };
    return true;
}

enum dict_result bucket_add(struct dict *d, struct slice key, struct bucket *b, bool is_trial)
{
    struct change c = {.b = b, .is_trial = is_trial};
    enum dict_result r = dict_change(d, key, DICT_SET, add, &c);

    return r == DICT_OK && c.is_full ? DICT_EXISTS : r;
}
