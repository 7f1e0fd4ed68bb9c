/* An HTTP/2 client of the harness: frames made by hand, answers found among the frames received. */
#ifndef T_UNIT_HTTP_H2_CLIENT_H
#define T_UNIT_HTTP_H2_CLIENT_H

#include "t/unit/http/harness.h"

#include "t/lib/h2_frames.h"

static inline struct client h2_open(void)
{
    struct client c;
    struct buf b = BUF_EMPTY;

    harness_server.speaks_http2 = true;
    c = client_open();
    preface_add(&b);
    client_send_bytes(&c, b.p, b.n);
    buf_free(&b);
    return c;
}

static inline void h2_send_frame(struct client *c, unsigned type, unsigned flags, uint32_t id,
                                 struct slice payload)
{
    struct buf b = BUF_EMPTY;

    frame_add(&b, type, flags, id, payload);
    client_send_bytes(c, b.p, b.n);
    buf_free(&b);
}

static inline void h2_send_number(struct client *c, unsigned type, uint32_t id, uint32_t n)
{
    struct buf b = BUF_EMPTY;

    frame_add_number(&b, type, id, n);
    client_send_bytes(c, b.p, b.n);
    buf_free(&b);
}

static inline void h2_request(struct client *c, uint32_t id, const char *method, const char *path,
                              unsigned flags)
{
    struct buf b = BUF_EMPTY;

    request_add(&b, id, method, path, flags, NULL, NULL);
    client_send_bytes(c, b.p, b.n);
    buf_free(&b);
}

/* The last frame of a type on a stream among those received. */
static inline bool h2_find(struct client *c, unsigned type, uint32_t id, struct frame *out)
{
    struct slice rest = buf_slice(&c->got);
    struct frame f;
    bool is_found = false;

    while (frame_next(&rest, &f))
        if (f.type == type && f.id == id) {
            *out = f;
            is_found = true;
        }
    return is_found;
}

/* Turns until a frame of that type with all these flags has come on the stream. */
static inline struct frame h2_expect(struct client *c, unsigned type, uint32_t id, unsigned flags)
{
    struct frame f;

    for (unsigned i = 0; i < 4000; i++) {
        turns(1);
        client_exchange_read(c, SIZE_MAX);
        if (h2_find(c, type, id, &f) && (f.flags & flags) == flags)
            return f;
        if (c->has_eof || c->is_reset)
            break;
        if (i > 100)
            (void)usleep(1000);
    }
    fail_msg("no frame %u with flags %u on stream %u among %zu bytes", type, flags, id, c->got.n);
    return f;
}

/* Bytes of body received on a stream. */
static inline size_t h2_body(struct client *c, uint32_t id)
{
    struct slice rest = buf_slice(&c->got);
    struct frame f;
    size_t n = 0;

    while (frame_next(&rest, &f))
        if (f.type == DATA && f.id == id)
            n += f.payload.n;
    return n;
}

/* Is this what ended the connection? */
static inline void h2_expect_goaway(struct client *c, uint32_t code)
{
    struct frame f = {0, 0, 0, SLICE_EMPTY};

    client_expect_end(c);
    assert_true(h2_find(c, GOAWAY, 0, &f));
    assert_int_equal(frame_number(&f, 4), code);
}

#endif
