/* A head is two bytes, with a longer length and a mask up to 14. Masks are put on 32 bytes at a
 * time. */
#include "proto/ws_frame.h"

#include "base/utf8.h"

enum { BIT_FIN = 0x80, BIT_RSV1 = 0x40, BIT_MASK = 0x80, LENGTH_16 = 126, LENGTH_64 = 127 };

bool ws_code_is_sendable(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

uint16_t ws_close_parse(struct slice payload, uint16_t *code_out, struct slice *reason_out)
{
    *code_out = WS_CODE_NONE;
    *reason_out = SLICE_EMPTY;
    if (payload.n == 0)
        return 0;
    if (payload.n == 1)
        return WS_CODE_PROTOCOL;
    *code_out = (uint16_t)((uint8_t)payload.p[0] << 8 | (uint8_t)payload.p[1]);
    *reason_out = slice_from(payload, 2);
    if (!ws_code_is_sendable(*code_out))
        return WS_CODE_PROTOCOL;
    return utf8_is_valid(*reason_out) ? 0 : WS_CODE_INVALID;
}

static size_t write_head(uint8_t *out, unsigned first, uint64_t n, const uint8_t *mask)
{
    unsigned bytes = n < LENGTH_16 ? 0 : n <= UINT16_MAX ? 2 : 8;
    size_t at = 2;

    out[0] = (uint8_t)first;
    out[1] = (uint8_t)(bytes == 0 ? n : bytes == 2 ? LENGTH_16 : LENGTH_64);
    for (unsigned i = bytes; i-- > 0;)
        out[at++] = (uint8_t)(n >> 8 * i);
    if (mask) {
        out[1] |= BIT_MASK;
        memcpy(out + at, mask, 4);
        at += 4;
    }
    return at;
}

size_t ws_frame_head(uint8_t out[WS_HEAD_MOST], enum ws_opcode opcode, bool is_deflated, uint64_t n,
                     const uint8_t *mask)
{
    return write_head(out, BIT_FIN | (is_deflated ? BIT_RSV1 : 0U) | opcode, n, mask);
}

size_t ws_fragment_head(uint8_t out[WS_HEAD_MOST], enum ws_opcode opcode, bool is_final, uint64_t n,
                        const uint8_t *mask)
{
    return write_head(out, (is_final ? BIT_FIN : 0U) | opcode, n, mask);
}

/* 32 bytes at a time: the compiler makes vector instructions of it where there are any. */
typedef uint64_t block __attribute__((vector_size(32), aligned(1), may_alias));

unsigned ws_mask(char *p, size_t n, const uint8_t mask[4], unsigned turn)
{
    uint8_t rolled[4];
    uint32_t word;
    uint64_t wide;
    size_t i = 0;

    for (unsigned k = 0; k < 4; k++)
        rolled[k] = mask[(turn + k) & 3];
    memcpy(&word, rolled, sizeof word);
    wide = (uint64_t)word << 32 | word;
    for (; i + sizeof(block) <= n; i += sizeof(block))
        *(block *)(p + i) ^= (block){wide, wide, wide, wide};
    for (; i < n; i++)
        p[i] = (char)((uint8_t)p[i] ^ rolled[i & 3]);
    return (unsigned)(turn + n) & 3;
}
