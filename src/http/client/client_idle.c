/* Each is closed when it has been free for the pool's idle_timeout; the timer is that of the
 * oldest. */
#include "http/client/client_idle.h"

#include "base/clock.h"
#include "http/client/client_serial.h"
#include "net/tcp.h"

/* A free connection does not keep a script from ending: what it counts for while it is watched is
 * taken back. */
void client_idle_put(struct client_origin *o, struct client_conn *c)
{
    client_origin_count(o);
    list_append(&o->idle, &c->node);
    o->n_idle++;
    c->is_background = stream_fd(c->stream) >= 0;
    if (c->is_background)
        loop_release();
}

void client_idle_take(struct client_origin *o, struct client_conn *c)
{
    client_origin_count(o);
    list_remove(&c->node);
    o->n_idle--;
    if (c->is_background)
        loop_hold();
    c->is_background = false;
}

void client_idle_arm(struct client_origin *o)
{
    const struct client_conn *oldest;

    if (!o->pool->o.idle_timeout || list_is_empty(&o->idle)) {
        timer_stop(&o->timer);
        return;
    }
    oldest = CONTAINER_OF(o->idle.next, struct client_conn, node);
    if (!timer_is_active(&o->timer)) {
        uint64_t at = oldest->free_since_ms + o->pool->o.idle_timeout;

        timer_start(&o->timer, at > clock_ms() ? at - clock_ms() : 0);
    }
}

static void drop(struct client_origin *o, struct client_conn *c)
{
    client_idle_take(o, c);
    o->n_conns--;
    client_conn_close(&c);
    o->pool->n_open--;
}

static void on_timer(struct timer *t)
{
    struct client_origin *o = CONTAINER_OF(t, struct client_origin, timer);
    uint64_t limit = o->pool->o.idle_timeout;

    while (!list_is_empty(&o->idle)) {
        struct client_conn *c = CONTAINER_OF(o->idle.next, struct client_conn, node);

        if (c->free_since_ms + limit > clock_ms())
            break;
        drop(o, c);
    }
    client_idle_arm(o);
}

void client_idle_drop_all(struct client_origin *o)
{
    while (!list_is_empty(&o->idle))
        drop(o, CONTAINER_OF(o->idle.next, struct client_conn, node));
    client_idle_arm(o);
}

/* Has the server ended it? Where one exchange is carried at a time, nothing may come either: bytes
 * from before the request would be taken for its answer. TLS has messages of its own to bring. */
static bool is_ended(const struct client_conn *c)
{
    int fd = stream_fd(c->stream);
    size_t unread;

    if (c->protocol->room == client_serial_room && tcp_is(c->stream))
        return !tcp_is_quiet(c->stream);
    return fd >= 0 && tcp_ask_peer(fd, &unread) != TCP_PEER_OPEN;
}

void client_idle_drop_ended(struct client_origin *o)
{
    while (o->n_idle) {
        struct client_conn *last = CONTAINER_OF(o->idle.prev, struct client_conn, node);

        if (!is_ended(last))
            return;
        drop(o, last);
        client_idle_arm(o);
    }
}

void client_idle_keep(struct client_origin *o, struct client_conn *c)
{
    client_idle_put(o, c);
    if (o->pool->o.max_idle && o->n_idle > o->pool->o.max_idle)
        drop(o, CONTAINER_OF(o->idle.next, struct client_conn, node));
    client_idle_arm(o);
}

bool client_idle_make_room(struct client_pool *p)
{
    struct map_entry *e;
    size_t at = 0;

    if (!p->o.total_connections || p->n_open < p->o.total_connections)
        return true;
    while ((e = map_next(&p->origins, &at))) {
        struct client_origin *o = e->value;

        if (list_is_empty(&o->idle))
            continue;
        drop(o, CONTAINER_OF(o->idle.next, struct client_conn, node));
        return true;
    }
    return false;
}

void client_idle_init(struct client_origin *o)
{
    list_init(&o->idle);
    timer_init(&o->timer, on_timer);
    timer_set_background(&o->timer);
}

void client_idle_fit(struct client_origin *o, double target)
{
    unsigned wanted;

    if (!o->gauge)
        return;
    client_origin_count(o);
    wanted = usage_wanted(&o->gauge->usage, o->n_conns, target);
    while (o->n_idle && o->n_conns > wanted)
        drop(o, CONTAINER_OF(o->idle.next, struct client_conn, node));
    client_idle_arm(o);
    usage_reset(&o->gauge->usage, clock_us_now());
}
