/* A stream of HTTP/2 as a byte stream: what an exchange that was detached goes on as. */
#ifndef HTTP_H2_TUNNEL_H
#define HTTP_H2_TUNNEL_H

#include "http/h2_stream.h"

/* Takes over `st`, whose exchange has let go of it: reads give what the peer sends in DATA, the end
 * of its side is end-of-file, a reset is err_reset; writes wait for the peer's window. Closing ends
 * our side, or resets. */
struct stream *h2_tunnel_open(struct h2_stream *st);

#endif
