/* A stream of HTTP/2 as a byte stream: what an exchange that was detached goes on as. */
#ifndef HTTP_SERVER_H2_TUNNEL_H
#define HTTP_SERVER_H2_TUNNEL_H

#include "http/server_h2_stream.h"

/* Takes over `st`, whose exchange has let go of it: reads give what the peer sends in DATA, the end
 * of its side is end-of-file, a reset is err_reset; writes wait for the peer's window. Closing ends
 * our side, or resets. */
struct stream *server_h2_tunnel_open(struct server_h2_stream *st);

#endif
