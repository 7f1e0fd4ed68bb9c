/* How much of what costs the receiver more than the sender an HTTP/2 peer may send.
 *
 * Each kind is a bucket that leaks: it holds as many frames as its limit says and empties in ten
 * seconds. What a peer honestly needs a kind for pays some of it back. */
#ifndef PROTO_H2_FLOOD_H
#define PROTO_H2_FLOOD_H

#include "base/base.h"

enum h2_flood_kind {
    H2_FLOOD_RESETS,     /* streams that end by an error of the peer or by its RST_STREAM */
    H2_FLOOD_SETTINGS,   /* SETTINGS */
    H2_FLOOD_PINGS,      /* PING */
    H2_FLOOD_EMPTY,      /* DATA without data that does not end a stream */
    H2_FLOOD_PRIORITIES, /* PRIORITY, PRIORITY_UPDATE and frames of unknown types */
    H2_FLOOD_WINDOWS,    /* WINDOW_UPDATE */
    H2_FLOOD_FRAGMENTS,  /* CONTINUATION */
    H2_FLOOD_CLOSED,     /* DATA, HEADERS, RST_STREAM on streams that are over */
    H2_FLOOD_KIND_COUNT
};

struct h2_flood {
    const uint32_t *most;                /* by kind; 0: no limit */
    uint64_t at;                         /* ms of the last leak */
    uint64_t level[H2_FLOOD_KIND_COUNT]; /* in parts of a frame: what leaks in a ms is whole */
};

/* Empty buckets; `most` (borrowed) has a limit for each kind. */
void h2_flood_init(struct h2_flood *f, const uint32_t *most, uint64_t now_ms);

/* Counts one frame. False: that was one too many. */
bool h2_flood_count(struct h2_flood *f, enum h2_flood_kind kind, uint64_t now_ms);

/* Takes `n` frames of a kind back: they were earned. */
void h2_flood_pay(struct h2_flood *f, enum h2_flood_kind kind, uint32_t n);

/* What a log line calls the kind: "PING frames". */
const char *h2_flood_name(enum h2_flood_kind kind);

#endif
