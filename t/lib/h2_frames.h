/* HTTP/2 frames made by hand, for tests: nothing of what is tested is used to make them. */
#ifndef T_LIB_H2_FRAMES_H
#define T_LIB_H2_FRAMES_H

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

enum {
    DATA = 0,
    HEADERS,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    PUSH_PROMISE,
    PING,
    GOAWAY,
    WINDOW_UPDATE,
    CONTINUATION,
    PRIORITY_UPDATE = 16
};
enum { ACK = 1, END_STREAM = 1, END_HEADERS = 4 };

static inline void frame_add(struct buf *b, unsigned type, unsigned flags, uint32_t id,
                             struct slice payload)
{
    const unsigned char head[9] = {(unsigned char)(payload.n >> 16),
                                   (unsigned char)(payload.n >> 8),
                                   (unsigned char)payload.n,
                                   (unsigned char)type,
                                   (unsigned char)flags,
                                   (unsigned char)(id >> 24),
                                   (unsigned char)(id >> 16),
                                   (unsigned char)(id >> 8),
                                   (unsigned char)id};

    buf_add(b, head, sizeof(head));
    buf_add_slice(b, payload);
}

/* A frame whose payload is one number of 32 bits. */
static inline void frame_add_number(struct buf *b, unsigned type, uint32_t id, uint32_t number)
{
    const char n[4] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8),
                       (char)number};

    frame_add(b, type, 0, id, slice_of(n, 4));
}

/* A field as a literal without indexing and without Huffman's code; lengths below 127. */
static inline void field_add(struct buf *b, const char *name, const char *value)
{
    buf_add_char(b, 0);
    buf_add_char(b, (char)strlen(name));
    buf_add(b, name, strlen(name));
    buf_add_char(b, (char)strlen(value));
    buf_add(b, value, strlen(value));
}

static inline void preface_add(struct buf *b)
{
    buf_add_lit(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    frame_add(b, SETTINGS, 0, 0, SLICE_EMPTY);
}

/* A head with the four pseudo-fields, and `name` with `value` unless that is NULL. */
static inline void request_add(struct buf *b, uint32_t id, const char *method, const char *path,
                               unsigned flags, const char *name, const char *value)
{
    struct buf block = BUF_EMPTY;

    field_add(&block, ":method", method);
    field_add(&block, ":scheme", "http");
    field_add(&block, ":path", path);
    field_add(&block, ":authority", "a");
    if (value)
        field_add(&block, name, value);
    frame_add(b, HEADERS, END_HEADERS | flags, id, buf_slice(&block));
    buf_free(&block);
}

/* A frame that was received: true while there is one at *rest. */
struct frame {
    unsigned type, flags;
    uint32_t id;
    struct slice payload;
};

static inline bool frame_next(struct slice *rest, struct frame *out)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    size_t n;

    if (rest->n < 9)
        return false;
    n = (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
    if (rest->n < 9 + n)
        return false;
    *out = (struct frame){p[3], p[4],
                          (uint32_t)(p[5] & 0x7f) << 24 | (uint32_t)p[6] << 16 |
                              (uint32_t)p[7] << 8 | p[8],
                          slice_of(rest->p + 9, n)};
    *rest = slice_from(*rest, 9 + n);
    return true;
}

/* The number in a payload, `at` bytes from its start. */
static inline uint32_t frame_number(const struct frame *f, size_t at)
{
    const unsigned char *p = (const unsigned char *)f->payload.p + at;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#endif
