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
    struct slice tlvs; /* what version 2 has behind the addresses; borrowed from what was read */
    size_t n;          /* bytes of the header */
};

enum proxy_proto_result { PROXY_PROTO_MORE, PROXY_PROTO_DONE, PROXY_PROTO_BAD };

/* Reads a header at the start of `in`. MORE: it is not whole yet; BAD: it is none. */
enum proxy_proto_result proxy_proto_read(struct slice in, struct proxy_proto *out);

/* Bytes that a copy takes, TLVs included. */
size_t proxy_proto_size(const struct proxy_proto *p);

/* A copy in `room`, which has so many bytes, aligned for any object. */
struct proxy_proto *proxy_proto_copy(void *room, const struct proxy_proto *p);

/* The value of a TLV by name: alpn, authority, unique_id, ssl, netns, of those in "ssl":
 * ssl_version, ssl_cn, ssl_cipher, ssl_sig_alg, ssl_key_alg; or by number, "0xea". `p` is NULL when
 * there is none. */
struct slice proxy_proto_tlv(const struct proxy_proto *p, struct slice name);

/* How the proxy has judged the client's certificate, from the TLV "ssl"; 0: it is fine. False: not
 * known. */
bool proxy_proto_verify(const struct proxy_proto *p, uint32_t *out);

/* Appends a header of version 1 or 2; a Unix socket has none in version 1 and is written as
 * unknown. The addresses must be as `kind` says. */
void proxy_proto_write(const struct proxy_proto *p, int version, struct buf *out);

#endif
