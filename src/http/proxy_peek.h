/* Reads the header of the PROXY protocol off a stream, and nothing behind it: that may be TLS,
 * which reads for itself. The header is looked at in the kernel first and taken once it is known
 * how long it is. Of one that comes in pieces each piece is taken, or the loop would tell of it for
 * ever. */
#ifndef HTTP_PROXY_PEEK_H
#define HTTP_PROXY_PEEK_H

#include "net/stream.h"
#include "proto/proxy_proto.h"

struct proxy_peek {
    struct proxy_proto proto; /* DONE: borrows from `bytes` */
    struct slice seen;        /* MORE: `before` and what was taken now, for the caller to keep */
    bool has_ended;           /* MORE: and no more will come */
    char bytes[PROXY_PROTO_V2_MAX];
};

/* Looks for a header that begins with `before`, which was taken earlier. DONE: it is off the
 * stream, `before` is used up. BAD: it is none, nothing was taken. */
enum proxy_proto_result proxy_peek(struct stream *s, struct slice before, struct proxy_peek *out);

#endif
