/* From an accepted connection to a session in its phases. */
#ifndef APP_STREAM_SESSION_OPEN_H
#define APP_STREAM_SESSION_OPEN_H

#include "app/stream/session.h"

/* Where sessions come from. */
struct session_origin {
    const struct app_conf *conf;
    const struct listen_conf *listen;
    const struct addr *peer;         /* copied */
    const struct proxy_proto *proxy; /* copied; NULL: none */
    uint64_t id;
    struct slice in; /* bytes that were read already */
    uint64_t since_ms;
    unsigned passes; /* other servers that it has come through */
};

/* Serves `s`, which it owns from now on; from the loop only. */
void session_open(struct stream *s, const struct session_origin *o);

#endif
