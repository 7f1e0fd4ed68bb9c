/* The step of our hashes: two words in, one out in which every bit depends on every bit of both. */
#ifndef BASE_MIX_H
#define BASE_MIX_H

#include <stdint.h>

/* Both halves of the product, folded. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
