/* An exchange that waits is carried by the queue: cancelled, it leaves. */
#include "http/client/client_queue.h"

static struct client_exchange *exchange_of(struct list *node)
{
    return CONTAINER_OF(node, struct client_exchange, node);
}

/* Who waits keeps the loop going: nobody may be waiting for what is on the connections. */
static void count(struct client_origin *o, int change)
{
    if (!o->n_queue)
        loop_hold();
    o->n_queue += (unsigned)change;
    if (!o->n_queue)
        loop_release();
}

static void leave(struct client_exchange *x)
{
    struct client_origin *o = x->conn;

    list_remove(&x->node);
    count(o, -1);
    x->transport = NULL;
    x->conn = NULL;
    client_exchange_release(&x);
    o->pool->steps->pump(o);
}

static void leave_refused(struct client_exchange *x)
{
    list_remove(&x->node);
    x->transport = NULL;
    x->conn = NULL;
    client_exchange_release(&x);
}

static const struct client_transport in_queue = {.abort = leave};
static const struct client_transport in_refused = {.abort = leave_refused};

/* Who is told may close the pool; the origin is there as long as its list is not empty. */
static void on_later(struct loop_call *call)
{
    struct client_origin *o = CONTAINER_OF(call, struct client_origin, later);

    while (!list_is_empty(&o->refused)) {
        struct client_exchange *x = exchange_of(o->refused.next);

        x->transport = NULL;
        x->conn = NULL;
        o->stats.failed++;
        client_exchange_fail(x, x->err);
        list_remove(&x->node);
        client_exchange_release(&x);
    }
    o->pool->steps->told(o->pool);
}

void client_queue_init(struct client_origin *o)
{
    list_init(&o->queue);
    list_init(&o->refused);
    loop_call_init(&o->later, on_later);
}

static void enter(struct client_origin *o, struct client_exchange *x)
{
    client_exchange_hold(x);
    client_exchange_set_state(x, CLIENT_QUEUED);
    x->conn = o;
    x->transport = &in_queue;
    count(o, 1);
}

void client_queue_add(struct client_origin *o, struct client_exchange *x)
{
    if (o->gauge)
        client_gauge_wait(o->gauge, &x->times, o->n_queue);
    enter(o, x);
    list_append(&o->queue, &x->node);
}

void client_queue_add_again(struct client_origin *o, struct client_exchange *x)
{
    struct list *before = o->queue.next;

    enter(o, x);
    while (before != &o->queue && exchange_of(before)->tries >= x->tries)
        before = before->next;
    list_append(before, &x->node);
}

struct client_exchange *client_queue_pop(struct client_origin *o)
{
    struct list *n = list_pop(&o->queue);
    struct client_exchange *x;

    if (!n)
        return NULL;
    x = exchange_of(n);
    count(o, -1);
    x->is_dialled = false;
    x->transport = NULL;
    x->conn = NULL;
    return x;
}

void client_queue_refuse(struct client_origin *o, struct client_exchange *x, const struct err *why)
{
    x->err = why;
    x->conn = o;
    x->transport = &in_refused;
    list_append(&o->refused, &x->node);
    loop_next(&o->later);
}

struct client_exchange *client_queue_first_undialled(struct client_origin *o)
{
    LIST_FOR (n, &o->queue)
        if (!exchange_of(n)->is_dialled)
            return exchange_of(n);
    return exchange_of(o->queue.next);
}
