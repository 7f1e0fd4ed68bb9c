/* Bytes that live as long as somebody holds them, whatever they are part of: what queues a large
 * piece of a string holds the string instead of copying it. */
#ifndef BASE_KEEPER_H
#define BASE_KEEPER_H

#include "base/base.h"

/* Embedded in what owns the bytes, or stands for it. Whoever makes one has its first hold. */
struct keeper {
    unsigned holds;
    void (*free)(struct keeper *k); /* nobody holds it any more */
};

/* One more holder. */
static inline struct keeper *keeper_hold(struct keeper *k)
{
    k->holds++;
    return k;
}

/* One holder less; clears the pointer, which may be NULL already. The last one frees. */
static inline void keeper_release(struct keeper **k)
{
    struct keeper *was = *k;

    *k = NULL;
    if (was && --was->holds == 0)
        was->free(was);
}

#endif
