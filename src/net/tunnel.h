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

/* Joins them; nothing happens before return. The side that is slower stops the other; `idle` ms
 * without a byte close both (0: never). It frees itself when it is over. */
void tunnel_start(struct tunnel_side *a, struct tunnel_side *b, uint64_t idle);

/* Tunnels that are on. */
unsigned tunnel_count(void);

#endif
