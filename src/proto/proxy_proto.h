/* The PROXY protocol, versions 1 and 2: who the client behind a proxy is. Pure. */
#ifndef PROTO_PROXY_PROTO_H
#define PROTO_PROXY_PROTO_H

#include "base/buf.h"
#include "base/slice.h"

enum { PROXY_PROTO_V1_MAX = 107, PROXY_PROTO_V2_MAX = 16 + 4096 };

enum proxy_proto_kind {
    PROXY_PROTO_UNKNOWN, /* not known, or of the proxy itself: the connection's own addresses */
    PROXY_PROTO_TCP4,
    PROXY_PROTO_TCP6,
    PROXY_PROTO_UNIX,
};

struct proxy_proto {
    enum proxy_proto_kind kind;
    char source[108], destination[108]; /* addresses as text, or paths; terminated */
    uint16_t source_port, destination_port;
    size_t n; /* bytes of the header */
};

enum proxy_proto_result { PROXY_PROTO_MORE, PROXY_PROTO_DONE, PROXY_PROTO_BAD };

/* Reads a header at the start of `in`. MORE: it is not whole yet; BAD: it is none. */
enum proxy_proto_result proxy_proto_read(struct slice in, struct proxy_proto *out);

/* Appends a header of version 1 or 2; a Unix socket has none in version 1 and is written as
 * unknown. The addresses must be as `kind` says. */
void proxy_proto_write(const struct proxy_proto *p, int version, struct buf *out);

#endif
