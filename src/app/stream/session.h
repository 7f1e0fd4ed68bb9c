/* A connection of `stream`, or a client of one of its UDP sockets: an exchange without HTTP.
 *
 * It is a visit like any other (variables, logs, Lua) whose exchange is carried by the connection
 * itself: what is answered goes out as it is, and the end of the answer is the end of the
 * connection, once everything has been sent. Its phases are preread (PHASE_ACCESS) and content.
 *
 * The connection's wire is here until somebody else speaks on it: Lua, which lends its own
 * (session_lend), or a relay, which takes the stream (session_take). */
#ifndef APP_STREAM_SESSION_H
#define APP_STREAM_SESSION_H

#include "app/visit.h"
#include "net/wire.h"

struct session;
struct tls_ctx;
struct balancer;
struct relay;

typedef void (*session_fn)(struct session *s);

/* In the exchange's pool. */
struct session {
    struct visit *v;
    struct list node;  /* of all sessions of the process */
    struct wire *wire; /* `own`, or one that was lent */
    struct wire own;
    void *lender;
    session_fn on_return;                /* the wire that was lent has no stream any more */
    uint64_t received, sent;             /* bytes of the wires before, and of the relay */
    void (*on_input)(struct session *s); /* whoever has called session_wait_input */
    struct client_hello *hello;          /* of ssl_preread; NULL: not read, or it is none */
    struct relay *relay;                 /* NULL: it is passed on to nobody */
    struct balancer *balancer;           /* of its relay; NULL: none */
    uint64_t ended_ms;                   /* 0: goes on */
    unsigned passes;                     /* sessions before, on the same connection: see pass.h */
    struct wire_end end;                 /* where lua_check_client_abort says so */
    bool is_udp;
    bool has_eof; /* ngx.eof, or our side was shut: Lua may write no more */
};

/* A session over `s`, which it owns from now on, with bytes that were read already; its exchange is
 * new, its visit empty. For session_open.c. */
struct session *session_new(struct stream *s, struct slice in);

/* Sessions of the process. */
unsigned session_count(void);

/* `fn` is called whenever a session has gone. */
void session_on_gone(void (*fn)(void));

/* Ends all now. */
void session_close_all(void);

/* Moves the connection to `w`, which is closed, with its unread input and unsent output;
 * w->on_event becomes `on_event`. `fn` is called when the session ends, with `w` closed again: then
 * the stream has gone. */
void session_lend(struct session *s, struct wire *w, void (*on_event)(struct wire *w, int events),
                  session_fn fn);

/* The connection goes over to TLS by `ctx`, its unread input being the beginning of it; nothing is
 * unsent. The handshake is the caller's to do. */
void session_start_tls(struct session *s, struct tls_ctx *ctx);

/* Takes the connection: its stream, the caller's from now on; unread input is added to `in`, unsent
 * output to `out`. NULL: it is closed. */
struct stream *session_take(struct session *s, struct buf *in, struct outq *out);

/* What preread_timeout leaves the client, in ms; UINT64_MAX: it has all the time. */
uint64_t session_preread_left(const struct session *s);

/* on_input is called once, when there is more input, when it has ended, or after the time of
 * preread. False: more cannot come. */
bool session_wait_input(struct session *s, session_fn on_input);

/* From now on a client that ends its side while nobody reads ends the session. */
void session_mind_end(struct session *s);

/* Bytes from the client so far. */
static inline uint64_t session_received(const struct session *s)
{
    return s->received + s->wire->taken + s->wire->n;
}

/* Bytes that the client's socket has taken so far. */
static inline uint64_t session_sent(const struct session *s)
{
    return s->sent + s->wire->written - s->wire->out.bytes;
}

#endif
