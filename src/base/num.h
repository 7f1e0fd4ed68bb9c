/* Numbers in text: strict parsing (the whole slice must be the number) and fast formatting. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/base.h"
#include "base/slice.h"

/* Decimal digits only, no sign, no spaces, no overflow of INT64_MAX. False when it is not that. */
bool num_parse_u63(struct slice s, int64_t *out);

/* The value of a hexadecimal digit, or -1. */
static inline int num_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 1 to 16 hexadecimal digits up to INT64_MAX. */
bool num_parse_hex(struct slice s, int64_t *out);

/* A size in bytes with an optional unit k, m or g (either case), powers of 1024. */
bool num_parse_size(struct slice s, int64_t *out);

/* A time in milliseconds: parts like 1y 1M 1w 1d 1h 1m 1s 1ms, largest first ("1h30m"); a bare
 * number is seconds. As nginx: each unit at most once, in order, spaces between parts allowed. */
bool num_parse_msec(struct slice s, int64_t *out);

/* Writes the digits of `v` to `out` (room for 21), returns how many. Not terminated. */
size_t num_format(char *out, int64_t v);

#endif
