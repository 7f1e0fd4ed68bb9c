/* What the hooks of a TLS handshake keep with its stream (tls_state), and whose handshake it is: of
 * a connection that begins with TLS, or of a session of `stream` that goes over to it later. */
#ifndef APP_TLS_TLS_SEAT_H
#define APP_TLS_TLS_SEAT_H

#include "app/visit.h"
#include "net/stream.h"

struct tls_task;

enum { TLS_SEAT_NO_CTX = -2 /* LUA_NOREF, which is Lua's to know */ };

struct tls_seat {
    struct tls_task *task; /* of lua_tls; NULL: none */
    int ctx_ref;           /* ngx.ctx, see app/lua/lua_ctx.h; TLS_SEAT_NO_CTX */
    struct visit *visit;   /* whose session goes over to TLS; NULL: the connection begins with it */
};

/* NULL: nothing is kept. */
struct tls_seat *tls_seat_of(const struct stream *s);

/* The same, made if need be. */
struct tls_seat *tls_seat_take(struct stream *s);

/* The task has gone; what holds nothing else is freed. */
void tls_seat_leave(struct stream *s);

/* Frees it. */
void tls_seat_drop(struct stream *s);

/* Whose handshake it is. */
struct tls_owner {
    const struct app_conf *conf;
    const struct listen_conf *listen;
    const struct log_ctx *log; /* above the handshake's own; NULL: none */
    uint64_t id;
};

/* Of a client's stream in its handshake. All is NULL when somebody has taken the connection over
 * meanwhile: a request that came early, or while a session is being stored. */
struct tls_owner tls_owner_of(const struct stream *s);

/* The client's address; false: it is not known. */
bool tls_owner_peer(const struct stream *s, struct addr *out);

/* A hook that answered TLS_WAIT is through: it is called again, from the loop. */
void tls_owner_resume(struct stream *s);

#endif
