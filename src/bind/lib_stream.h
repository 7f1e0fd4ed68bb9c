/* Byte streams as Lua sees them: the module "perilune.core.stream", and how upper layers make and
 * take such values. */
#ifndef BIND_LIB_STREAM_H
#define BIND_LIB_STREAM_H

#include <lua.h>
#include <netinet/in.h>

#include "bind/co.h"
#include "bind/owned.h"
#include "net/addr.h"
#include "net/wire.h"

/* Who waits for a direction; a task that has gone on waits no more. */
struct lib_stream_waiter {
    struct co *co;
    uint32_t wait;
};

/* An address as far as it is worth keeping: none of a Unix socket's (sa_family 0). */
union lib_stream_end {
    struct sockaddr sa;
    struct sockaddr_in6 in6;
};

struct lib_stream {
    const void *magic;
    struct wire wire;
    struct lib_stream_waiter reader, writer;
    uint32_t read_timeout, write_timeout; /* ms without progress, 0: none */
    uint32_t uses;                        /* times it was parked */
    bool is_parked;
    struct owned owner;
    const void *subject; /* only tasks that work for it may use the stream; NULL: all */
    int on_lost;         /* registry reference of a function called when its owner closes it */
    void *opening;       /* whoever is about to open it, and how to stop that; NULL: nobody */
    void (*stop_opening)(struct lib_stream *ls);
    union lib_stream_end peer, local; /* of a connection that was accepted: what is told of it is
                                         true for ever; local: from its end on */
};

/* "perilune.core.stream" */
int lib_stream(lua_State *L);

/* Pushes a value that is closed. */
struct lib_stream *lib_stream_push(lua_State *L);

/* The value at `arg`; raises an error when it is none. */
struct lib_stream *lib_stream_check(lua_State *L, int arg);

/* The value whose userdata FFI has handed over; NULL: it is none. */
struct lib_stream *lib_stream_of(void *userdata);

/* Opens a closed value over `s`, which it owns. */
void lib_stream_open(struct lib_stream *ls, struct stream *s);

/* The connection, which is open, was accepted from `peer`: what is known of it outlives it. */
void lib_stream_accepted(struct lib_stream *ls, const struct addr *peer);

/* One of the addresses of the connection, as long as the value lives; false: nothing is known. */
bool lib_stream_address(const struct lib_stream *ls, bool is_peer, struct addr *out);

/* What its wire calls; for those who open the wire themselves. */
void lib_stream_on_event(struct wire *w, int events);

/* Closes it and wakes those who wait. Harmless when closed. */
void lib_stream_close(struct lib_stream *ls, bool reset);

/* What the running task works for, for `subject`. */
const void *lib_stream_subject(void);

/* Numbers a wait of the running task and pushes the token that its Lua code is to yield; raises an
 * error outside of a task. To be returned. */
int lib_stream_begin_wait(lua_State *L, struct lib_stream_waiter *waiter);

/* Makes the running task wait for `side` (IO_READ, IO_WRITE) and pushes the token that its Lua code
 * is to yield; raises an error outside of a task. To be returned. */
int lib_stream_wait(lua_State *L, struct lib_stream *ls, int side);

/* The value at 1, ready to be read by the running task; NULL: nil and a code were pushed, two
 * results. */
struct lib_stream *lib_stream_reader(lua_State *L);

/* Pushes what a reading operation returns: `data`, or a wait is begun, or nil, a code and `data`.
 * To be returned. */
int lib_stream_answer(lua_State *L, struct lib_stream *ls, enum wire_result r, struct slice data);

/* Pushes nil and the code of what went wrong. To be returned. */
int lib_stream_fail(lua_State *L, const struct lib_stream *ls);

/* Is another task waiting on this side? */
bool lib_stream_is_busy(const struct lib_stream_waiter *waiter);

#endif
