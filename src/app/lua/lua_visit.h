/* What Lua keeps about a visit: the running handler, the phase it is in, what it asked for. */
#ifndef APP_LUA_LUA_VISIT_H
#define APP_LUA_LUA_VISIT_H

#include "app/visit.h"
#include "http/filter.h"

struct co;

enum { LUA_EXIT_NONE = -1000 }; /* exit_status: ngx.exit was not called */

/* Which API contract holds while Lua runs for a visit (ngx.get_phase, "API disabled in the context
 * of"). lua/ngx/api/context.lua has the same order. */
enum lua_context {
    LUA_CONTEXT_NONE,
    LUA_CONTEXT_INIT,
    LUA_CONTEXT_INIT_WORKER,
    LUA_CONTEXT_SET,
    LUA_CONTEXT_REWRITE,
    LUA_CONTEXT_ACCESS,
    LUA_CONTEXT_CONTENT,
    LUA_CONTEXT_HEADER_FILTER,
    LUA_CONTEXT_BODY_FILTER,
    LUA_CONTEXT_LOG,
    LUA_CONTEXT_TIMER,
    LUA_CONTEXT_EXIT_WORKER,
    LUA_CONTEXT_HANDLER, /* native */
    LUA_CONTEXT_SERVER_REWRITE,
    LUA_CONTEXT_CLIENT_HELLO,
    LUA_CONTEXT_CERTIFICATE,
    LUA_CONTEXT_PREREAD, /* of stream */
    LUA_CONTEXT_SESSION, /* content of stream, native or not */
    LUA_CONTEXT_PRECONTENT,
    LUA_CONTEXT_BALANCER,
    LUA_CONTEXT_SESSION_FETCH,
    LUA_CONTEXT_SESSION_STORE,
    LUA_CONTEXT_PROXY_CERTIFICATE, /* of a request whose connection to a server is being made */
    LUA_CONTEXT_PROXY_VERIFY,      /* likewise */
};

/* A reference of lua_ctx.h in a list. */
struct lua_visit_ctx {
    int ref;
    struct lua_visit_ctx *next;
};

/* A task that waits for output to drain. */
struct lua_waiter {
    struct co *co;
    unsigned wait;
    struct lua_waiter *next;
};

/* What Lua hangs on a visit. In the exchange's pool. */
struct lua_visit {
    struct co *co; /* the running handler; NULL between phases */
    enum lua_context context;
    double handle; /* the visit's name in Lua, 0: none yet; see lua_handle.h */
    int ctx_ref;   /* ngx.ctx, see lua_ctx.h */
    struct lua_visit_ctx
        *left;    /* those of locations that were left, for whoever has noted the number */
    int body_ref; /* function to call when there is body to read, LUA_NOREF */
    struct lua_waiter *waiters, *spare_waiters; /* for output to drain; those that were woken */
    int exit_status;                            /* of ngx.exit: -1 not asked */
    int exit_error;                             /* the error that ngx.exit answered last; 0: none */
    bool bypasses_conditions;                   /* of If-Match and its kind */
    bool is_unwanted;                           /* 412 took the place of the answer */
    bool has_exec,
        has_redirect_uri; /* ngx.exec / ngx.req.set_uri(…, true) asked: exec_path, exec_query */
    struct slice exec_path, exec_query;
    /* of the running body filter */
    struct slice filter_data;
    bool filter_is_last;
    int filter_exit;              /* what a header filter left with, -1: ngx.ERROR; 0: it did not */
    struct slice replacement;     /* then: the body to send in place of the handler's */
    const struct slice *set_args; /* ngx.arg of the running set_by_lua */
    unsigned n_set_args;
    struct list *sockets; /* streams that end with the visit; NULL: none yet */
    struct body_stream
        *body_stream;     /* the request's body as a stream; NULL: not asked for, or closed */
    struct buf *held;     /* output that waits for its length, see lua_output.h; NULL: none */
    bool is_type_cleared; /* Content-Type was taken away by ngx.header: no default */
    bool has_body_socket; /* the body belongs, or belonged, to body_stream */
    bool is_cancelled;    /* the peer went away while the handler ran */
    bool is_starting;     /* co_start has not returned: the outcome is `result` */
    enum step_result result;
};

/* The Lua part of a visit, made when it is not there. */
struct lua_visit *lua_visit_of(struct visit *v);

/* The visit's name in Lua, made on first use. */
double lua_visit_handle(struct visit *v);

/* Numbers a wait of the running task that ends when queued output is below the watermark
 * (`to_empty`: is empty). Several tasks may wait so, all of them as long as the one that asks for
 * more. */
void lua_visit_wait_drained(struct visit *v, bool to_empty);

/* Ends those waits: nothing will be sent any more. */
void lua_visit_wake_drained(struct visit *v);

/* Another location begins without ngx.ctx; the table stays until the visit ends. */
void lua_visit_leave_ctx(struct visit *v);

/* At the visit's end: forgets all its tables. The machine must be open. */
void lua_visit_release_ctx(struct visit *v);

/* Calls the function that waits for body to read, if there is one, once. */
void lua_visit_wake_reader(struct visit *v);

/* The peer is gone: the running handler is cancelled with `closed` (native ones; ngx ones with
 * lua_check_client_abort). */
void lua_visit_cancel(struct visit *v);

/* Does a handler still run for the visit? */
bool lua_visit_is_running(const struct visit *v);

#endif
