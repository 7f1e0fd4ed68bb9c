/* What a process counts of its connections and requests, for status pages. */
#ifndef HTTP_SERVER_STATS_H
#define HTTP_SERVER_STATS_H

#include "base/base.h"

enum server_conn_phase {
    CONN_IDLE,   /* between requests: not a byte of the next one has come */
    CONN_HEAD,   /* a part of a head has come */
    CONN_BUSY,   /* an exchange is on */
    CONN_DRAIN,  /* answered; the rest of the request's body is dropped */
    CONN_FLUSH,  /* will close when the output is out */
    CONN_LINGER, /* our side has ended; input is dropped until the peer ends too */
    CONN_PHASE_COUNT
};

/* What has happened, and connections by what they do. */
struct server_counts {
    uint64_t accepted, requests;
    uint32_t phases[CONN_PHASE_COUNT];
};

struct server_stats {
    uint64_t accepted, requests;
    unsigned active, reading, writing, waiting;
};

/* Where this process counts. */
struct server_counts *server_stats_counts(void);

/* It counts in `where` from now on, and adds what it has counted so far. */
void server_stats_count_in(struct server_counts *where);

/* What such counters say. */
void server_stats_of(const struct server_counts *c, struct server_stats *out);

/* Those of this process. */
void server_stats_get(struct server_stats *out);

#endif
