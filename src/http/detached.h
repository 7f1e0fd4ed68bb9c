/* Connections that HTTP has let go of, for tunnels and sockets of Lua: they stay connections of the
 * process until their streams are closed, and a graceful end waits for them. WebSockets count
 * themselves, see ws_conn.h. */
#ifndef HTTP_DETACHED_H
#define HTTP_DETACHED_H

#include "http/exchange.h"
#include "net/stream.h"

/* As exchange_detach, and counts the stream until it is closed. */
struct stream *detached_take(struct exchange *x, struct buf *in, struct outq *out);

/* Those of the process. */
unsigned detached_count(void);

/* `fn` is called when one has been closed; NULL: nobody. */
void detached_on_gone(void (*fn)(void));

#endif
