/* The value of a key is an array of those who hold some: the name of the process (shm/lock.h) and
 * how many. Whether one of them is dead is only asked when it matters: all are held, or there is no
 * room for another key. */
#include "shm/tally.h"

#include <string.h>

#include "base/buf.h"
#include "shm/dict_walk.h"
#include "shm/lock.h"

enum { SWEPT_AT_ONCE = 64 };

struct holder {
    uint64_t who, n;
};

struct change {
    struct buf holders;
    uint64_t most;
    bool is_full;
};

static struct holder *holders_of(const struct change *c, size_t *n_out)
{
    *n_out = c->holders.n / sizeof(struct holder);
    return (struct holder *)(void *)c->holders.p;
}

static void read_holders(struct change *c, const struct dict_item *item)
{
    c->holders.n = 0;
    if (item->type == DICT_TABLE)
        buf_add(&c->holders, item->p, item->n);
}

/* Those who hold none are left out; nobody: the entry goes. */
static bool write_holders(struct change *c, struct dict_item *item)
{
    size_t n, kept = 0;
    struct holder *h = holders_of(c, &n);

    for (size_t i = 0; i < n; i++)
        if (h[i].n)
            h[kept++] = h[i];
    *item = (struct dict_item){
        .type = kept ? DICT_TABLE : DICT_NIL, .p = c->holders.p, .n = kept * sizeof(*h)};
    return true;
}

static void forget_dead(struct change *c)
{
    size_t n;
    struct holder *h = holders_of(c, &n);

    for (size_t i = 0; i < n; i++)
        if (!lock_is_alive(h[i].who))
            h[i].n = 0;
}

static uint64_t count(const struct change *c)
{
    uint64_t sum = 0;
    size_t n;
    const struct holder *h = holders_of(c, &n);

    for (size_t i = 0; i < n; i++)
        sum += h[i].n;
    return sum;
}

/* This process's; NULL: it holds none. */
static struct holder *own(const struct change *c)
{
    size_t n;
    struct holder *h = holders_of(c, &n);

    for (size_t i = 0; i < n; i++)
        if (h[i].who == lock_self)
            return &h[i];
    return NULL;
}

static bool take(void *user, struct dict_item *item)
{
    struct change *c = user;
    struct holder *mine;

    read_holders(c, item);
    if (count(c) >= c->most)
        forget_dead(c);
    c->is_full = count(c) >= c->most;
    if (c->is_full)
        return write_holders(c, item);
    mine = own(c);
    if (mine)
        mine->n++;
    else
        buf_add(&c->holders, (const char *)&(struct holder){lock_self, 1}, sizeof(*mine));
    return write_holders(c, item);
}

static bool give(void *user, struct dict_item *item)
{
    struct change *c = user;
    struct holder *mine;

    read_holders(c, item);
    mine = own(c);
    if (!mine || mine->n == 0)
        return false;
    mine->n--;
    return write_holders(c, item);
}

static bool drop_dead(void *user, struct dict_item *item)
{
    struct change *c = user;

    read_holders(c, item);
    forget_dead(c);
    return write_holders(c, item);
}

/* --- making room --- */

static void note_key(void *keys, struct slice key)
{
    uint32_t n = (uint32_t)key.n;

    buf_add(keys, (const char *)&n, sizeof(n));
    buf_add_slice(keys, key);
}

/* Looks at the keys that were not used for the longest time. */
static void sweep(struct dict *d, struct change *c)
{
    struct buf keys = BUF_EMPTY;
    struct slice rest;
    uint32_t n;

    dict_walk_keys(d, SWEPT_AT_ONCE, note_key, &keys);
    for (rest = buf_slice(&keys); rest.n; rest = slice_from(rest, sizeof(n) + n)) {
        memcpy(&n, rest.p, sizeof(n));
        dict_change(d, slice_of(rest.p + sizeof(n), n), DICT_SAFE | DICT_KEEPS, drop_dead, c);
    }
    buf_free(&keys);
}

enum dict_result tally_take(struct dict *d, struct slice key, uint64_t most)
{
    struct change c = {.holders = BUF_EMPTY, .most = most};
    enum dict_result r = dict_change(d, key, DICT_SAFE | DICT_KEEPS, take, &c);

    if (r == DICT_NO_MEMORY) {
        sweep(d, &c);
        r = dict_change(d, key, DICT_SAFE | DICT_KEEPS, take, &c);
    }
    buf_free(&c.holders);
    return r == DICT_OK && c.is_full ? DICT_EXISTS : r;
}

void tally_give(struct dict *d, struct slice key)
{
    struct change c = {.holders = BUF_EMPTY};

    dict_change(d, key, DICT_SAFE | DICT_KEEPS, give, &c);
    buf_free(&c.holders);
}
