/* What ngx.* keeps of a visit beside struct lua_visit, and in which contexts its functions may be
 * called. For lib_ngx*.c. */
#ifndef APP_LUA_LIB_NGX_VISIT_H
#define APP_LUA_LIB_NGX_VISIT_H

#include <lua.h>

#include "app/lua/lua_step.h"
#include "bind/co.h"

#define NGX_IN(context) (1u << LUA_CONTEXT_##context)

/* Sets of contexts. A native handler may do what content_by_lua may. */
#define NGX_IN_REWRITES (NGX_IN(SERVER_REWRITE) | NGX_IN(REWRITE))
#define NGX_IN_YIELDABLE                                                                           \
    (NGX_IN_REWRITES | NGX_IN(ACCESS) | NGX_IN(PRECONTENT) | NGX_IN(CONTENT) | NGX_IN(HANDLER))
#define NGX_IN_SESSION         (NGX_IN(PREREAD) | NGX_IN(SESSION))
#define NGX_IN_PROXY_HANDSHAKE (NGX_IN(PROXY_CERTIFICATE) | NGX_IN(PROXY_VERIFY))
#define NGX_IN_HANDSHAKE                                                                           \
    (NGX_IN(CLIENT_HELLO) | NGX_IN(CERTIFICATE) | NGX_IN(SESSION_FETCH) | NGX_IN(SESSION_STORE) |  \
     NGX_IN_PROXY_HANDSHAKE)
#define NGX_IN_REQUEST                                                                             \
    (NGX_IN_YIELDABLE | NGX_IN(SET) | NGX_IN(HEADER_FILTER) | NGX_IN(BODY_FILTER) | NGX_IN(LOG) |  \
     NGX_IN(BALANCER) | NGX_IN_PROXY_HANDSHAKE)

/* A task that waits for the request's body, in the visit's pool. */
struct ngx_body_waiter {
    struct co *co;
    unsigned wait;
    struct ngx_body_waiter *next;
};

struct ngx_visit {
    struct visit *visit;
    struct ngx_visit *next; /* in the table's chain */
    /* light threads: the request is over when its entry and all of them are */
    struct co *entry; /* the handler whose end is watched; NULL: none */
    void (*entry_ended)(struct co *co, enum co_result result, int n);
    struct co **threads;
    unsigned n_threads, threads_size;
    bool is_entry_over, is_exiting;
    bool is_body_discarded;
    unsigned
        pending_subrequests; /* of ngx.location: the request cannot be left while there are any */
    /* ngx.req.read_body */
    struct ngx_body_waiter *body_waiters;
    size_t body_most; /* of a body that is built: more goes to a file */
    /* ngx.on_abort */
    int abort_ref;                                                /* LUA_NOREF */
    void (*on_abort)(struct ngx_visit *nv);                       /* runs it */
    void (*cancelled)(struct exchange *x, const struct err *why); /* who was told before */
};

/* The one of `v`, made on first use; it ends with the exchange's pool. */
struct ngx_visit *ngx_visit_of(struct visit *v);

/* The visit that the running code works for. Raises an error when there is none, or when the
 * context is not in `contexts`. */
struct visit *ngx_visit_check(lua_State *L, unsigned contexts);

/* The same for what needs the request itself: outside of requests the error is "API disabled in the
 * current context". */
struct visit *ngx_visit_check_request(lua_State *L, unsigned contexts);

/* Raises an error when the running context is not in `contexts`; for what works without a request
 * too. */
void ngx_visit_check_context(lua_State *L, unsigned contexts);

/* Has the head of the response been sent, as far as the running code is concerned? A header filter
 * runs while it is not; one whose client left before may still be given a status and fields; 412 in
 * its place counts, though it may begin later. */
bool ngx_visit_is_head_sent(const struct visit *v);

/* Raises an error when the request cannot be left, because subrequests of it are pending. */
void ngx_visit_check_abortable(lua_State *L, struct visit *v);

/* Wakes those that wait for the request's body. */
void ngx_visit_wake_readers(struct ngx_visit *nv);

/* Calls are wanted when the client goes away: takes the place of the visit's on_cancel. */
void ngx_visit_watch_cancel(struct visit *v);

#endif
