/* From a request to a WebSocket: the server's side of the opening handshake over HTTP/1.1 (RFC 6455
 * section 4.2) and over an extended CONNECT of HTTP/2 (RFC 8441 section 5). */
#ifndef HTTP_WS_UPGRADE_H
#define HTTP_WS_UPGRADE_H

#include "http/exchange.h"
#include "http/ws/ws_conn.h"
#include "proto/ws_handshake.h"

/* Is it the extended CONNECT by which HTTP/2 asks for a WebSocket, in place of a GET? */
bool ws_upgrade_is_connect(const struct exchange *x);

/* Does the request ask for a WebSocket? */
bool ws_upgrade_is_asked(const struct exchange *x);

/* May it have one? 0, or the status to answer (400, 426) and why (static text). A 426 has been
 * given its Sec-WebSocket-Version field. */
int ws_upgrade_check(struct exchange *x, const char **reason_out);

/* Answers with 101 (or 200) and takes the connection over; x is DETACHED then. The fields that
 * x->res has already go along. `protocol` (p == NULL: none) was chosen by the caller; compression
 * is agreed on from `wish` into options->deflate. NULL: the connection is gone, or the transport
 * cannot. Only after ws_upgrade_check has answered 0. */
struct ws_conn *ws_upgrade_accept(struct exchange *x, struct slice protocol,
                                  const struct ws_deflate_wish *wish, struct ws_options *options);

#endif
