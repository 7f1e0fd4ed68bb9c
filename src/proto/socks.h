/* The client's side of SOCKS4, SOCKS4a and SOCKS5 (RFC 1928, RFC 1929): what is said to a proxy
 * before a connection through it can be used. Pure; nothing beyond the proxy's answers is asked
 * for. */
#ifndef PROTO_SOCKS_H
#define PROTO_SOCKS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Slices are borrowed until the end of the negotiation. */
struct socks_request {
    uint8_t version;        /* 4 or 5 */
    uint8_t address_size;   /* 4 or 16; 0: the proxy looks `host` up */
    const uint8_t *address; /* in network order */
    struct slice host;      /* up to 255 bytes */
    uint16_t port;          /* not 0 */
    struct slice user;      /* up to 255 bytes; empty with version 5: no credentials */
    struct slice password;  /* up to 255 bytes; version 5 */
};

enum socks_result { SOCKS_MORE, SOCKS_DONE, SOCKS_FAILED };

enum { SOCKS_ANSWER_MOST = 4 + 1 + 255 + 2 };

struct socks {
    const struct socks_request *request;
    const struct err *err; /* of SOCKS_FAILED: one of those below */
    const char *reason;    /* what the proxy said; static */
    size_t wanted;         /* bytes of the next answer that may be read; 0: none */
    uint8_t stage;
};

extern const struct err proxy_err_auth; /* credentials are wanted, or refused */
extern const struct err proxy_err_denied;
extern const struct err proxy_err_refused; /* the target refused */
extern const struct err proxy_err_unreachable;
extern const struct err proxy_err_failed;
extern const struct err proxy_err_protocol; /* malformed answer */

/* Begins: appends what is to be sent. err_invalid: there is no way to ask for that. */
const struct err *socks_begin(struct socks *s, const struct socks_request *r,
                              struct buf *out) MUST_USE;

/* Reads the answers received so far, of which up to `wanted` bytes are read. MORE: appends what is
 * to be sent, if anything; *used bytes have been taken. DONE: the connection is that of the target
 * from now on. */
enum socks_result socks_feed(struct socks *s, struct slice in, size_t *used, struct buf *out);

#endif
