/* Requests that a request makes of its own server, without a network: an exchange whose transport
 * is memory. */
#ifndef APP_SUBREQUEST_H
#define APP_SUBREQUEST_H

#include "app/visit.h"
#include "loop/loop.h"

enum { SUBREQUEST_DEPTH_MOST = 50, SUBREQUEST_BODY_MOST = 1 << 28 };

enum subrequest_vars { SUBREQUEST_OWN_VARS, SUBREQUEST_COPIED_VARS, SUBREQUEST_SHARED_VARS };

/* What is asked; slices are borrowed until the subrequest is released. */
struct subrequest_options {
    enum method method;
    struct slice path, query; /* query.p NULL: none */
    struct slice body;        /* with has_body */
    bool has_body;            /* a body of its own */
    bool forwards_body;       /* else: that of the parent, which has been read */
    enum subrequest_vars vars;
    bool drops_body; /* of the response: nobody wants it */
    bool is_content; /* see phases_begin_content */
};

struct subrequest {
    struct exchange *x;   /* the response is in x->res */
    struct visit *parent; /* its exchange is held */
    struct buf body;      /* of the response */
    bool is_done;
    bool drops_body, is_content;
    bool is_truncated; /* the response broke off, or was too large */
    /* Called once, inside the handler's last write or from the loop. */
    void (*on_done)(struct subrequest *s);
    /* Called once, from the loop, where the parent may go on; the parent outlives the call. */
    void (*on_end)(struct subrequest *s);
    void *user;
    /* private */
    struct loop_call call, ended;
    struct slice request_body;
    int request_fd;
    int64_t request_at;
    struct slice *shared; /* the parent's variables as they were; NULL: not shared */
};

/* Makes a subrequest of `parent`; it is begun by subrequest_start. NULL (logged): nested too
 * deeply. It lives until subrequest_release. */
struct subrequest *subrequest_new(struct visit *parent, const struct subrequest_options *o);

/* The visit, for what is set before it begins. */
static inline struct visit *subrequest_visit(const struct subrequest *s)
{
    return visit_of(s->x);
}

/* Begins it in this turn of the loop; on_done and on_end follow. */
void subrequest_start(struct subrequest *s);

/* Its maker is through with it; clears the pointer. It goes on to its end by itself when it is not
 * done. */
void subrequest_release(struct subrequest **s);

#endif
