/* Bit by bit: what is summed here is short, and a table would cost a kilobyte of the cache. */
#include "base/crc32.h"

uint32_t crc32_add(uint32_t crc, struct slice s)
{
    crc = ~crc;
    for (size_t i = 0; i < s.n; i++) {
        crc ^= (unsigned char)s.p[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
}
