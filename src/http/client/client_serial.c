/* client_serial_finish is where every response ends and where it is decided whether the connection
 * lives on. */
#include "http/client/client_serial.h"

#include "base/check.h"
#include "base/clock.h"
#include "loop/io.h"

enum { READS_MOST = 16 }; /* direct reads of a body between two events */

/* --- the end of a response --- */

/* May another request follow on this connection? */
static bool can_go_on(const struct client_conn *c)
{
    return !c->must_close && !c->has_eof && !c->stream->err && !client_conn_input(c).n &&
           outq_is_empty(&c->out);
}

void client_serial_free(struct client_conn *c)
{
    timer_stop(&c->timer);
    if (!can_go_on(c)) {
        client_conn_end(c, NULL);
        return;
    }
    c->phase = CLIENT_CONN_FREE;
    c->free_since_ms = clock_ms();
    if (!(c->watched & IO_READ)) { /* it was paused, and read to the end outside of an event */
        c->watched = IO_READ;
        stream_watch(c->stream, IO_READ);
    }
    c->owner->on_free(c);
}

void client_serial_finish(struct client_conn *c)
{
    struct client_exchange *x = c->x;

    client_exchange_hold(x);
    if (!x->is_out_done)
        c->must_close = true;
    client_conn_let_go(c);
    client_exchange_complete(x);
    client_exchange_release(&x);
    client_serial_free(c);
}

enum body_result client_serial_fail(struct client_conn *c, const struct err *why,
                                    const char *reason)
{
    struct client_exchange *x = c->x;

    client_exchange_hold(x);
    client_conn_let_go(c);
    if (reason)
        x->detail = slice_str(reason);
    client_exchange_fail_quietly(x, why);
    client_exchange_release(&x);
    client_conn_end(c, why);
    return BODY_FAILED;
}

const struct err *client_serial_fault(const struct client_conn *c)
{
    if (c->stream->err)
        return c->stream->err;
    return c->x && (c->x->bytes_received || c->x->state == CLIENT_BODY) ? &err_truncated
                                                                        : &err_closed;
}

void client_serial_end_malformed(struct client_conn *c, const char *reason)
{
    if (c->x)
        c->x->detail = slice_str(reason);
    client_conn_end(c, &err_protocol);
}

/* --- events --- */

enum body_result client_serial_receive(struct client_conn *c)
{
    ssize_t n;

    if (c->reads >= READS_MOST)
        return BODY_WAIT;
    c->reads++;
    n = client_conn_read(c);
    if (n > 0)
        return BODY_DATA;
    if (n == STREAM_AGAIN)
        return BODY_WAIT;
    return n < 0 ? client_serial_fail(c, c->stream->err, NULL) : BODY_END;
}

void client_serial_work(struct client_conn *c)
{
    if (c->stream)
        client_conn_flush(c);
    if (c->stream && c->x && !c->is_blocked) {
        client_exchange_notify_drained(c->x);
        if (c->stream)
            client_conn_flush(c);
        if (c->stream && c->x && c->x->is_waiting_drained && !client_exchange_is_congested(c->x))
            client_conn_call(c); /* the producer filled the queue, and the stream has emptied it */
    }
    if (c->stream && c->stream->err)
        client_conn_end(c, c->stream->err);
}

int client_serial_wants(const struct client_conn *c)
{
    bool is_paused =
        c->phase == CLIENT_CONN_BUSY && c->x->state == CLIENT_BODY && !c->x->is_waiting_body;

    return is_paused ? 0 : IO_READ;
}

unsigned client_serial_room(const struct client_conn *c)
{
    return client_conn_is_free(c);
}

/* --- the transport --- */

void client_serial_wait(struct client_exchange *x)
{
    client_conn_work_soon(x->conn);
}

void client_serial_abort(struct client_exchange *x)
{
    struct client_conn *c = x->conn;

    client_conn_let_go(c);
    client_conn_end(c, &err_cancelled);
}

void client_serial_begin(struct client_conn *c, struct client_exchange *x,
                         const struct client_transport *transport)
{
    CHECK(client_conn_is_free(c));
    client_exchange_hold(x);
    c->phase = CLIENT_CONN_BUSY;
    c->x = x;
    c->must_close = !x->req.keeps;
    c->dropped = 0;
    x->conn = c;
    x->transport = transport;
    x->is_reused = c->served++ > 0;
    x->is_out_done = false;
    x->bytes_sent = 0;
    x->tries++;
    x->connected_ms = clock_ms();
    client_exchange_set_state(x, CLIENT_WAITING);
    if (x->req.source == CLIENT_PUSHED)
        client_conn_set_prompt(c);
}

void client_serial_send(struct client_conn *c)
{
    if (client_conn_flush_late(c))
        return;
    client_conn_flush(c);
    if (c->is_blocked || c->stream->err || c->x->is_waiting_drained)
        client_conn_work_soon(c);
}
