/* An exchange on its way through the routes: which server and location, which step, the variables.
 *
 * Lives in the exchange's pool and is exchange->app. */
#ifndef APP_VISIT_H
#define APP_VISIT_H

#include "app/location.h"
#include "http/exchange.h"

enum { VISIT_RESTARTS_MOST = 10 };

struct visit {
    struct exchange *x;
    const struct app_conf *conf;
    const struct variable_table *variables; /* of http or of stream */
    struct session *session;                /* it is a connection of `stream`; NULL: a request */
    const struct listen_conf *listen;
    const struct addr *connected; /* the proxy, where x->peer is the client behind it; or NULL */
    const struct vhost *vhost;
    const struct location *loc;
    enum phase phase;
    unsigned step;                /* index of the step in the phase that runs or ran last */
    struct slice *slots;          /* indexed variables; p == NULL: not set */
    struct slice capture_subject; /* of the last regex match, copied */
    int *captures;                /* 2 * REGEX_CAPTURES_MOST of them once something has matched */
    int n_captures;               /* groups + 1; 0: none */
    unsigned restarts;
    struct visit *parent; /* of a subrequest; NULL: it is none */
    unsigned depth;       /* of subrequests */
    unsigned n_incr;      /* how often $echo_incr was asked for; counted by the main request */
    int refused_status;   /* of the access phase so far: 401, 403; 0: none */
    int error_status;     /* the status that an error page is being made for; 0: none */
    int exit_status;      /* of ngx.exit and friends */
    bool is_internal;     /* came by internal redirect */
    bool is_running;      /* phases.c is inside its loop for this visit */
    bool has_jumped;      /* phase and step were set by a redirect: the loop goes on there */
    bool is_answered; /* the exchange is DONE or ABORTED; the log phase comes when no handler runs
                         any more */
    bool is_fresh;    /* lua_code_cache off: see lua_fresh_begin */
    bool is_captured; /* by Lua, which is told the status and sees no page */
    bool is_in_error_page;
    bool has_cycled;           /* redirected too often: whatever comes now, no page is looked for */
    bool is_uri_changed;       /* rewrite … last, set_uri with jump */
    bool is_path_in_alias;     /* try_files: the path goes behind an alias that is whole */
    struct slice path_prefix;  /* what the location's prefix matched, for alias */
    struct slice user;         /* $remote_user */
    struct addition *addition; /* see app/filters/addition.c; NULL: nothing is added */
    struct lua_visit *lua;     /* of the Lua handlers, see app/lua/lua_visit.h; NULL: none yet */
    struct slice first_path,
        first_query;           /* as the client sent them, to tell whether they changed */
    struct slice located_path; /* when the location was found */
    struct proxy *proxy; /* when the request is passed on, see app/proxy/proxy.h; NULL: it is not */
    void (*on_answered)(struct visit *v); /* who waits for the end of the exchange; may be NULL */
    void *answered_arg;
    void (*on_cancel)(struct visit *v); /* of a step that has taken over: the client is gone */
    struct limit_lease *leases;         /* of limit_conn */
    uint8_t limit_req_status, limit_conn_status; /* enum limit_status, of the main request */
    struct proxy_slices *slices; /* see app/proxy/proxy_slices.h; NULL: the whole is asked for */
};

/* The visit of an exchange. */
static inline struct visit *visit_of(const struct exchange *x)
{
    return x->app;
}

/* The request that it is a part of, however deep: itself, when it is no subrequest. */
static inline struct visit *visit_main(struct visit *v)
{
    while (v->parent)
        v = v->parent;
    return v;
}

/* Whom the connection is from; NULL: not known. */
static inline const struct addr *visit_connected(const struct visit *v)
{
    return v->connected ? v->connected : v->x->peer;
}

/* The pool of a visit. */
static inline struct pool *visit_pool(struct visit *v)
{
    return &v->x->pool;
}

#endif
