/* Two streams joined: what one reads the other writes, both ways, until both have ended or one is
 * broken. For connections that were upgraded and for CONNECT. */
#ifndef NET_TUNNEL_H
#define NET_TUNNEL_H

#include "base/buf.h"
#include "net/outq.h"
#include "net/stream.h"

/* One side: its stream, bytes of it that were read already, bytes that it is still to be sent. All
 * three are taken over. */
struct tunnel_side {
    struct stream *stream;
    struct buf in;
    struct outq out;
};

/* What went through, of side 0 and side 1. */
struct tunnel_counts {
    uint64_t received[2]; /* bytes that the side has sent us */
    uint64_t sent[2];     /* bytes that it has taken, with those it was still to be sent */
    uint64_t first_ms[2]; /* clock_ms of the first byte from it; 0: none */
};

struct tunnel_options {
    uint64_t idle;      /* ms without a byte end both, without a reset; 0: never */
    size_t buffer;      /* no more is read while a slower side has this much to take; 0: 64 KB */
    uint64_t rate[2];   /* bytes a second that are read from side 0 and side 1; 0: any number */
    bool ends_together; /* the end of one side is that of both, once what it has sent is out */
    /* It is over, both sides are closed behind the call (so that what is written about them is
     * there when they hear of it); `why` NULL: as they wanted, err_timeout: idle. From the loop;
     * may be NULL */
    void (*on_over)(void *user, const struct tunnel_counts *counts, const struct err *why);
    void *user;
};

struct tunnel;

/* Joins them; nothing happens before return. The side that is slower stops the other. It frees
 * itself when it is over: whoever keeps the result must have on_over. */
struct tunnel *tunnel_start(struct tunnel_side *a, struct tunnel_side *b,
                            const struct tunnel_options *o);

/* So far. */
struct tunnel_counts tunnel_counts(const struct tunnel *t);

/* Closes both sides at once and clears the pointer (NULL inside is fine); on_over does not come. */
void tunnel_close(struct tunnel **t);

/* Tunnels that are on. */
unsigned tunnel_count(void);

#endif
