/* CRC-32 as zlib, Ethernet and nginx have it (reflected, polynomial 0xedb88320). */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stdint.h>

#include "base/slice.h"

/* The sum of what `crc` is the sum of (0: nothing) and then `s`. */
uint32_t crc32_add(uint32_t crc, struct slice s);

#endif
