/* A request of Lua's on its way: between a client exchange and the Lua table that stands for it.
 *
 * Lua names a call by a number that stops meaning anything when the call is over. What happens is
 * told to one Lua function, fn(sink, event, …), outside of any task. */
#ifndef BIND_CLIENT_CALL_H
#define BIND_CLIENT_CALL_H

#include <lua.h>

#include "http/client/client_exchange.h"

struct content_decoder;

struct client_call {
    struct client_exchange *x;
    double id;
    int sink_ref, body_ref;          /* in the registry */
    int file;                        /* descriptor of a body from a file; -1: none */
    struct content_decoder *decoder; /* NULL: the body is passed on as it is */
    struct buf held;                 /* of the body, not yet handed out */
    struct stream *tunnel;           /* after CONNECT; NULL: none, or it was taken */
    struct buf tunnel_in;            /* what has come of it */
    size_t most;                     /* of a body that is collected, decoded */
    bool does_collect;               /* the answer is told once it is complete */
    bool does_decode;
    bool is_told;   /* the head has been */
    bool has_ended; /* the whole body is in `held` */
};

/* A call without a request; its sink is on top of `L` and is popped. */
struct client_call *client_call_new(lua_State *L);

/* The call of that number, NULL when it is over. */
struct client_call *client_call_get(double id);

/* Over: gives up the exchange and the number; clears the pointer. */
void client_call_free(struct client_call **c);

/* The stream that a CONNECT has made, the caller's from now on; `in` gets what has come of it. The
 * call is over. NULL: there is none. */
struct stream *client_call_take_tunnel(struct client_call **c, struct buf *in);

/* Makes the function on top of `L`, which is popped, the one that is told. */
void client_call_set_listener(lua_State *L);

/* Pushes bytes of the body: a string, "" and the text of the trailers (or nil) at the end, false
 * when there are none now, or nil and an error. How many values. The call is over after the end and
 * after an error. */
int client_call_read(lua_State *L, struct client_call *c);

/* Pushes an error object; `detail` (may be NULL) stands before the message; `proxy_status` is a
 * field of it when it is not 0. */
void client_call_push_failure(lua_State *L, const struct err *e, const char *detail,
                              int proxy_status);

#endif
