/* The hash is nginx's, so that clients stay in their part when they move: MurmurHash2, with its
 * borders rounded as there. */
#include "app/variables/split_clients.h"

#include <string.h>

#include "app/visit.h"

static uint32_t mix(uint32_t k)
{
    k *= 0x5bd1e995;
    k ^= k >> 24;
    return k * 0x5bd1e995;
}

static uint32_t hash_of(struct slice s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    uint32_t h = (uint32_t)s.n;
    size_t n = s.n;

    for (; n >= 4; p += 4, n -= 4) {
        uint32_t k = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

        h = h * 0x5bd1e995 ^ mix(k);
    }
    for (size_t i = n; i > 0; i--)
        h ^= (uint32_t)p[i - 1] << 8 * (i - 1);
    if (n)
        h *= 0x5bd1e995;
    h ^= h >> 13;
    h *= 0x5bd1e995;
    return h ^ h >> 15;
}

bool split_clients_divide(struct split_clients *s)
{
    uint32_t sum = 0, below = 0;

    for (unsigned i = 0; i < s->n; i++) {
        struct split_part *part = &s->parts[i];

        sum = part->share ? sum + part->share : SPLIT_ALL;
        if (sum > SPLIT_ALL)
            return false;
        below += (uint32_t)((uint64_t)part->share * UINT32_MAX / SPLIT_ALL);
        part->below = below;
    }
    return true;
}

struct slice split_clients_get(struct visit *v, const struct variable *var)
{
    const struct split_clients *s = var->data;
    struct slice *slot = &v->slots[var->slot];
    uint32_t hash;

    if (slot->p)
        return *slot;
    hash = hash_of(script_eval(s->source, v));
    for (unsigned i = 0; i < s->n; i++)
        if (hash < s->parts[i].below || s->parts[i].share == 0)
            return *slot = s->parts[i].value;
    return (struct slice){NULL, 0};
}
