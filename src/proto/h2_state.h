/* What a session of HTTP/2 knows, and its end: shared by the files behind h2_session.h, lowest
 * first: h2_state, h2_look (frames before nghttp2 sees them), h2_submit (what we send), h2_events
 * (what nghttp2 tells). */
#ifndef PROTO_H2_STATE_H
#define PROTO_H2_STATE_H

#include "proto/h2_session.h"

enum { H2_FRAME_HEAD = 9, H2_DEPENDENCY = 4 };

struct nghttp2_session;

struct h2_session {
    struct nghttp2_session *ng;
    const struct h2_options *options;
    const struct h2_events *events;
    void *user;
    const char *reason; /* why it is over */
    uint64_t now;
    struct h2_flood flood;
    void *last_stream; /* of last_id: spares a look-up for events in a row */
    int32_t last_id;
    uint32_t left;                    /* bytes of the current frame that have not come */
    size_t list;                      /* size of the current head */
    size_t wire;                      /* bytes of the frames that it came in */
    size_t queued;                    /* frames that waited to be sent before the last SETTINGS */
    int32_t newest, gap_from, gap_to; /* the peer's streams; the last ids that it left out */
    int32_t reset_id;                 /* the stream that the peer has just reset */
    int32_t pulled;                   /* the stream that on_pull is, or was last, asked for */
    int32_t *resets;                  /* the last streams that we reset; NULL: none */
    uint32_t n_resets;
    uint8_t magic_left, head_n,
        head_whole; /* of `head`: bytes that have come; all of the last one */
    uint8_t head[H2_FRAME_HEAD + H2_DEPENDENCY];
    uint8_t state; /* enum h2_state_bit */
    char text[64]; /* of `reason` */
};

enum h2_state_bit {
    H2_IS_CLIENT = 1 << 0,
    H2_IS_BUSY = 1 << 1, /* inside nghttp2 */
    H2_IS_FLOODED = 1 << 2,
    H2_IS_IN_BLOCK = 1 << 3,  /* a head is not complete */
    H2_IS_TOO_LARGE = 1 << 4, /* the current head */
    H2_HAS_PSEUDO = 1 << 5,   /* the current head: so it is none of trailers */
    H2_HAS_TRAILERS = 1 << 6, /* on_pull has submitted some */
    H2_HAS_SETTINGS = 1 << 7, /* the peer's have come */
};

/* Is the bit set? */
static inline bool h2_state_has(const struct h2_session *s, enum h2_state_bit bit)
{
    return s->state & bit;
}

/* Sets or clears the bit. */
static inline void h2_state_set(struct h2_session *s, enum h2_state_bit bit, bool on)
{
    s->state = (uint8_t)(on ? s->state | bit : s->state & ~(unsigned)bit);
}

/* The peer has asked for too much: the session is over. */
void h2_state_calm(struct h2_session *s, const char *what);

/* The peer has broken a rule: the session is over. `code`: as on the wire. */
void h2_state_blame(struct h2_session *s, uint32_t code, const char *why);

/* One more frame of a kind; too many end the session. */
void h2_state_count(struct h2_session *s, enum h2_flood_kind kind);

/* nghttp2 has given up with `r`. */
void h2_state_fail(struct h2_session *s, ssize_t r);

/* What stands for a stream; NULL: it is closed. */
void *h2_state_stream(struct h2_session *s, int32_t id);

/* Notes that we have reset a stream. */
void h2_state_remember_reset(struct h2_session *s, int32_t id);

/* Did we reset it? Of those that are forgotten it is assumed. */
bool h2_state_is_our_reset(const struct h2_session *s, int32_t id);

#endif
