/* The body of a request as a stream that can be read. */
#ifndef APP_LUA_BODY_STREAM_H
#define APP_LUA_BODY_STREAM_H

#include "app/visit.h"
#include "net/stream.h"

/* A stream over the body of `v`, which nobody else reads; it takes the exchange's on_body. It must
 * be closed before the exchange ends. Writing fails. A client that waits to be told to go on is
 * told so at once. */
struct stream *body_stream_new(struct visit *v);

/* Who waits for the body should look again: the client has gone. */
void body_stream_wake(struct visit *v);

#endif
