/* The opening handshake of a WebSocket (RFC 6455 section 4, RFC 7692 section 7.1): is a request an
 * upgrade, what both sides agree on, and the fields that say so. Pure; the digest that turns a key
 * into Sec-WebSocket-Accept is the caller's. */
#ifndef PROTO_WS_HANDSHAKE_H
#define PROTO_WS_HANDSHAKE_H

#include "base/buf.h"
#include "proto/header.h"
#include "proto/method.h"
#include "proto/ws_deflate.h"

enum { WS_KEY_SIZE = 24 };

/* What one of us is willing to do with permessage-deflate. */
struct ws_deflate_wish {
    bool is_wanted;
    bool out_no_takeover, in_no_takeover; /* asked of us, of the peer */
    uint8_t out_bits, in_bits;            /* at most, 9 to 15; 0: 15 */
};

/* Does the request ask for a WebSocket over HTTP/1.1: GET, Upgrade: websocket, Connection: upgrade?
 */
bool ws_handshake_is_upgrade(enum method method, const struct header_list *headers);

/* Checks the rest of such a request. 0 with the key; or the status to answer (400; 426 for another
 * version, to be sent with Sec-WebSocket-Version: 13), and why (static text). */
int ws_handshake_check(const struct header_list *headers, struct slice *key_out,
                       const char **reason_out);

/* Appends what is to be digested (SHA-1) and encoded (base64) to answer `key`. */
void ws_handshake_accept_input(struct buf *out, struct slice key);

/* The first of the peer's Sec-WebSocket-Protocol that `is_known` answers true to, in the peer's
 * order; p == NULL: none. */
struct slice ws_handshake_protocol(const struct header_list *headers,
                                   bool (*is_known)(struct slice name, void *user), void *user);

/* Server: picks the first offer of Sec-WebSocket-Extensions that it can keep and appends the value
 * of the answer's field to `out`. False: no compression, nothing appended. Level and memory level
 * of *p are left alone. */
bool ws_handshake_accept_deflate(const struct header_list *headers,
                                 const struct ws_deflate_wish *wish, struct ws_deflate_params *p,
                                 struct buf *out);

/* Client: appends the offer. */
void ws_handshake_offer_deflate(const struct ws_deflate_wish *wish, struct buf *out);

/* Client: reads the answer. True with *is_agreed_out telling whether there is compression; false:
 * the server answers what was not offered, or nonsense. */
bool ws_handshake_read_deflate(const struct header_list *headers,
                               const struct ws_deflate_wish *wish, struct ws_deflate_params *p,
                               bool *is_agreed_out);

#endif
