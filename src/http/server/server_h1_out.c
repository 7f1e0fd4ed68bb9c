/* Responses on HTTP/1.1: framing and the queue (RFC 9112 sections 6, 7 and 9).
 *
 * Everything is written behind what is queued already, so that the answers of pipelined requests
 * leave together. Output is tried at once only when more than the watermark is queued or when a
 * piece is large (then it is not copied); otherwise on_work flushes: at the end of the event, or of
 * the turn.
 *
 * Whether the connection goes on is decided when the head goes out (may_keep_alive), because the
 * head says so. */
#include "http/server/server_h1_out.h"

#include "base/clock.h"
#include "http/server/server_conn_input.h"
#include "http/server/server_h1_body.h"
#include "proto/http1_write.h"
#include "proto/status.h"

enum { LARGE = 16384, DONE_EARLY = 65536 };

enum framing { FRAMING_NO_HEAD, FRAMING_NONE, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

static struct buf scratch; /* process-wide: room for one head, kept */

static void put(struct exchange *x, const void *p, size_t n)
{
    struct server_conn *c = x->conn;

    if (UNLIKELY(c->stream->err != NULL))
        return;
    outq_add(&c->out, p, n);
    x->bytes_sent += n;
}

/* Something was queued. */
static void flush_in_time(struct server_conn *c)
{
    bool is_file = c->x && c->x->has_file; /* takes no memory while it waits */

    if (c->out.bytes > c->server->settings->send_watermark && !is_file && !c->is_blocked &&
        !c->is_paced && !c->stream->err)
        (void)server_conn_flush(c); /* on_work looks at stream->err */
    if (c->is_running)
        return;
    if (c->is_blocked || c->is_paced)
        server_conn_update(c);
    else
        server_conn_work_late(c);
}

static bool may_keep_alive(const struct exchange *x)
{
    const struct server_conn *c = x->conn;
    bool may_read_on = x->has_body_read && !x->has_ended && !x->body_err;

    if (!x->keep_alive || c->must_close || c->server->is_draining || c->server->is_crowded)
        return false;
    if (!x->settings->keepalive_timeout || server_conn_is_spent(c, x->settings))
        return false;
    if (c->framing == FRAMING_CLOSE || x->res.status == 101)
        return false;
    if (c->has_eof && !server_conn_input(c).n)
        return false;
    if (!c->body || may_read_on)
        return true;
    /* a client that was not told to continue may send the body or not */
    if (x->req.expects_continue && !server_conn_input(c).n)
        return false;
    return server_h1_body_is_small(c);
}

/* Is what follows the head a tunnel, which has no framing (RFC 9110 section 9.3.6)? */
static bool is_tunnel(const struct exchange *x)
{
    return x->req.method == METHOD_CONNECT && x->res.status >= 200 && x->res.status < 300;
}

static enum framing choose_framing(const struct exchange *x, bool has_body)
{
    bool can_chunk;

    if (!has_body)
        return FRAMING_NONE;
    if (is_tunnel(x))
        return FRAMING_CLOSE;
    can_chunk = x->req.version_minor >= 1 && x->settings->has_chunks;
    if (x->res.content_length >= 0 && !(x->res.wants_trailers && can_chunk))
        return FRAMING_LENGTH;
    return can_chunk ? FRAMING_CHUNKED : FRAMING_CLOSE;
}

static void add_keep_alive_field(struct exchange *x)
{
    struct slice v =
        pool_printf(&x->pool, "timeout=%llu", (unsigned long long)x->settings->keepalive_header);

    header_set_id(&x->res.headers, &x->pool, HEADER_KEEP_ALIVE, v);
}

static void send_head(struct exchange *x, bool has_body)
{
    struct server_conn *c = x->conn;
    const struct header *server = header_find_id(&x->res.headers, HEADER_SERVER);
    const struct header *date = header_find_id(&x->res.headers, HEADER_DATE);
    struct http1_response_head h = {
        .status = x->res.status,
        .reason = x->res.reason,
        .server = server ? server->value : SLICE_EMPTY,
        .date = date ? date->value : clock_http_date(),
        .content_length = -1,
        .headers = &x->res.headers,
    };

    c->framing = (uint8_t)choose_framing(x, has_body);
    x->keep_alive = may_keep_alive(x);
    if (!server && x->settings->server_name)
        h.server = slice_str(x->settings->server_name);
    h.is_tunnel = is_tunnel(x);
    if (!h.is_tunnel && c->framing != FRAMING_CHUNKED &&
        (has_body || (x->is_head && status_can_have_body(x->res.status))))
        h.content_length = x->res.content_length;
    h.is_chunked = c->framing == FRAMING_CHUNKED;
    h.is_keep_alive = x->keep_alive;
    h.is_upgrade = x->res.status == 101;
    if (x->keep_alive && x->settings->keepalive_header)
        add_keep_alive_field(x);
    scratch.n = 0;
    http1_write_head(&scratch, &h);
    put(x, scratch.p, scratch.n);
    if (!x->has_ended)
        flush_in_time(c);
}

static void put_bytes(struct exchange *x, const struct chunk *p)
{
    struct slice s = p->bytes;
    struct server_conn *c = x->conn;
    enum outq_result r;

    if (LIKELY(s.n < LARGE) || c->stream->err) {
        put(x, s.p, s.n);
        return;
    }
    x->bytes_sent += s.n;
    if (c->is_blocked || x->send_rate > 0) {
        outq_add_kept(&c->out, s.p, s.n, p->keeper);
        return;
    }
    r = outq_write(&c->out, c->stream, s, p->keeper, LARGE);
    c->has_progress = true;
    c->is_blocked = r == OUTQ_BLOCKED && !x->has_file;
}

static void put_piece(struct exchange *x, const struct chunk *p, size_t size)
{
    struct server_conn *c = x->conn;

    if (c->framing == FRAMING_CHUNKED) {
        scratch.n = 0;
        http1_write_chunk_size(&scratch, size);
        put(x, scratch.p, scratch.n);
    }
    if (p->fd < 0) {
        put_bytes(x, p);
    } else if (c->stream->err) {
        chunk_drop(p);
    } else {
        c->out.reads_files = !x->settings->has_sendfile;
        outq_add_file(&c->out, p->fd, p->offset, size, p->owns_fd);
        x->bytes_sent += size;
    }
    if (c->framing == FRAMING_CHUNKED)
        put(x, "\r\n", 2);
}

/* What the connection does after an exchange. */
static enum server_conn_phase next_phase(const struct server_conn *c, bool keep_alive)
{
    if (!keep_alive || c->must_close)
        return CONN_FLUSH;
    return c->body ? CONN_DRAIN : CONN_IDLE;
}

void server_h1_out_finish(struct server_conn *c)
{
    struct exchange *x = c->x;

    c->x = NULL;
    c->is_ending = false;
    c->dropped = 0;
    server_conn_set_phase(c, next_phase(c, x->keep_alive && server_h1_body_is_small(c)));
    if (server_conn_input(c).n > 0)
        server_conn_work_soon(c);
    else
        server_conn_work_late(c);
    exchange_finished(x);
}

static void end_response(struct exchange *x)
{
    struct server_conn *c = x->conn;

    if (c->framing == FRAMING_CHUNKED) {
        scratch.n = 0;
        http1_write_last_chunk(&scratch, &x->res.trailers);
        put(x, scratch.p, scratch.n);
    }
    bool is_held = x->has_file || x->send_rate > 0 || x->settings->ends_when_sent;

    if (LIKELY(c->out.bytes <= DONE_EARLY && !c->stream->err && (!is_held || !c->out.bytes))) {
        server_h1_out_finish(c);
        return;
    }
    c->is_ending = true;
    flush_in_time(c);
}

static void send_body(struct exchange *x, const struct chunk *p)
{
    size_t size = p->fd >= 0 ? p->size : p->bytes.n;

    if (size)
        put_piece(x, p, size);
    if (p->is_last)
        end_response(x);
    else
        flush_in_time(x->conn);
}

static void send_informational(struct exchange *x, int status, const struct header_list *headers)
{
    scratch.n = 0;
    buf_add_lit(&scratch, "HTTP/1.1 ");
    buf_add_slice(&scratch, status_line(status));
    buf_add_lit(&scratch, "\r\n");
    for (unsigned i = 0; headers && i < headers->n; i++) {
        const struct header *f = &headers->fields[i];

        if (!header_is_name(f->name) || !header_is_value(f->value))
            continue;
        buf_add_slice(&scratch, f->name);
        buf_add_lit(&scratch, ": ");
        buf_add_slice(&scratch, f->value);
        buf_add_lit(&scratch, "\r\n");
    }
    buf_add_lit(&scratch, "\r\n");
    put(x, scratch.p, scratch.n);
    flush_in_time(x->conn);
}

static size_t queued(const struct exchange *x)
{
    const struct server_conn *c = x->conn;

    return c->out.bytes;
}

static void wait_drained(struct exchange *x)
{
    struct server_conn *c = x->conn;

    if (c->out.bytes <= x->drain_goal)
        server_conn_call(c);
}

static int descriptor(const struct exchange *x)
{
    const struct server_conn *c = x->conn;

    return stream_fd(c->stream);
}

/* What has been queued still goes out, and its end shows that something is missing; only where the
 * end of the connection is the end of the body a reset must show it. */
static void give_up(struct exchange *x, const struct err *why)
{
    struct server_conn *c = x->conn;

    UNUSED(why);
    c->x = NULL;
    c->is_ending = false;
    /* a file's descriptor may end with the exchange */
    if (c->framing == FRAMING_CLOSE || c->stream->err || x->has_file) {
        server_conn_reset(c);
        return;
    }
    server_conn_set_phase(c, CONN_FLUSH);
    server_conn_work_soon(c);
}

static struct stream *detach(struct exchange *x, struct buf *in, struct outq *out)
{
    struct server_conn *c = x->conn;

    c->x = NULL;
    if (c->flushes < 2) /* the owner to come sends as it likes, not in answers */
        server_conn_set_nodelay(c);
    return server_conn_detach(c, in, out);
}

const struct exchange_transport server_h1_out_transport = {
    .send_head = send_head,
    .send_body = send_body,
    .send_informational = send_informational,
    .queued = queued,
    .read_body = server_h1_body_read,
    .has_whole_body = server_h1_body_is_here,
    .wait_body = server_h1_body_wait,
    .wait_drained = wait_drained,
    .fd = descriptor,
    .detach = detach,
    .abort = give_up,
};
