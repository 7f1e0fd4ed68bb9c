/* The way of a response from the app through the filters to the transport.
 *
 * The app's calls (exchange_respond, _start, _write, _end) all meet in two places: start(), which
 * fixes what the head says before the first filter sees it, and the wire_ functions behind the last
 * filter, which check what filters and app have made: fields that may not be on a wire are dropped,
 * a body is held to the length that was promised. */
#include "base/check.h"
#include "base/clock.h"
#include "base/num.h"
#include "http/exchange_transport.h"
#include "http/filter.h"
#include "proto/date.h"
#include "proto/status.h"

/* --- the wire's end of the chain --- */

static bool is_gone(const struct exchange *x)
{
    return x->state >= EXCHANGE_DETACHED;
}

/* Has this response no body on the wire, whatever the app writes? */
static bool is_bodyless(const struct exchange *x)
{
    return x->is_head || !status_can_have_body(x->res.status);
}

/* A 205 tells that it has no content, and has none (RFC 9110 section 15.3.6). */
static bool is_reset(const struct exchange *x)
{
    return x->res.status == 205;
}

/* Drops fields that may not be on a wire, or not in this place. */
static void keep_valid(struct exchange *x, struct header_list *l)
{
    bool is_trailer = l == &x->res.trailers;
    unsigned kept = 0;

    for (unsigned i = 0; i < l->n; i++) {
        struct header *h = &l->fields[i];

        if (UNLIKELY(!header_check(h))) {
            log_write(&x->log, LOG_ERROR, "invalid response header field dropped");
            continue;
        }
        if (UNLIKELY(is_trailer && !header_can_trail(h->id, h->name))) {
            log_write(&x->log, LOG_ERROR, "field \"" SLICE_FMT "\" may not be a trailer, dropped",
                      SLICE_ARG(h->name));
            continue;
        }
        if (kept != i)
            l->fields[kept] = *h;
        kept++;
    }
    l->n = kept;
}

/* Anything else would not be a final response; 101 is the last one of HTTP on this connection. */
static void check_status(struct exchange *x)
{
    bool is_upgrade = x->res.status == 101 && x->transport->detach && x->req.version_minor >= 1;

    if (LIKELY((x->res.status >= 200 && x->res.status <= 999) || is_upgrade))
        return;
    log_write(&x->log, LOG_ERROR, "invalid response status %d", x->res.status);
    x->res.status = 500;
}

/* Filters see a redirect of ours as it was made, and may make another of it. */
static void complete_location(struct exchange *x)
{
    struct header *h = header_find_id(&x->res.headers, HEADER_LOCATION);

    if (!h || !(h->marks & HEADER_LOCAL))
        return;
    h->value =
        pool_printf(&x->pool, SLICE_FMT SLICE_FMT, SLICE_ARG(x->res.origin), SLICE_ARG(h->value));
    h->marks &= (uint8_t)~HEADER_LOCAL;
}

static void wire_head(struct exchange *x)
{
    const struct header *connection;

    check_status(x);
    if (UNLIKELY(x->res.origin.n))
        complete_location(x);
    keep_valid(x, &x->res.headers);
    if (x->res.reason.n && !header_is_value(x->res.reason))
        x->res.reason = SLICE_EMPTY;
    connection = header_find_id(&x->res.headers, HEADER_CONNECTION);
    if (connection && header_has_token(connection->value, SLICE("close")))
        x->keep_alive = false;
    if (x->send_rate < 0)
        x->send_rate = (int64_t)x->settings->send_rate;
    x->send_since = clock_ms();
    x->body_left = is_bodyless(x) ? -1 : x->res.content_length;
    x->transport->send_head(x, !is_bodyless(x));
}

static size_t chunk_size(const struct chunk *c)
{
    return c->fd >= 0 ? c->size : c->bytes.n;
}

/* Makes `c` fit into what is left of the promised length. */
static void cut_chunk(struct exchange *x, struct chunk *c)
{
    log_write(&x->log, LOG_ERROR, "response body is longer than its content length, cut");
    if (x->body_left == 0) {
        chunk_drop(c);
        c->fd = -1;
        c->bytes = SLICE_EMPTY;
    } else if (c->fd >= 0) {
        c->size = (size_t)x->body_left;
    } else {
        c->bytes.n = (size_t)x->body_left;
    }
}

static void wire_body(struct exchange *x, const struct chunk *piece)
{
    struct chunk c = *piece;
    bool is_short = false;

    if (UNLIKELY(x->is_complete)) {
        chunk_drop(&c);
        return;
    }
    if (x->body_left >= 0) {
        if (UNLIKELY(chunk_size(&c) > (size_t)x->body_left))
            cut_chunk(x, &c);
        x->body_left -= (int64_t)chunk_size(&c);
        is_short = c.is_last && x->body_left > 0;
        if (UNLIKELY(is_short))
            c.is_last = false;
    }
    if (c.fd >= 0 && c.size == 0) {
        chunk_drop(&c);
        c = (struct chunk){.bytes = SLICE_EMPTY, .fd = -1, .is_last = c.is_last};
    }
    if (c.is_last) {
        x->is_complete = true;
        keep_valid(x, &x->res.trailers);
    }
    x->has_file |= c.fd >= 0;
    x->body_bytes_sent += chunk_size(&c);
    if (chunk_size(&c) || c.is_last || c.is_flush)
        x->transport->send_body(x, &c);
    if (UNLIKELY(is_short)) {
        log_write(&x->log, LOG_ERROR, "response body is shorter than its content length");
        exchange_abort(x, &err_truncated);
    }
}

void exchange_pass_head(struct exchange *x, struct filter *next)
{
    if (UNLIKELY(is_gone(x)))
        return;
    if (next)
        next->ops->head(next, x);
    else
        wire_head(x);
}

void exchange_pass_body(struct exchange *x, struct filter *next, const struct chunk *c)
{
    if (UNLIKELY(is_gone(x)))
        chunk_drop(c);
    else if (next)
        next->ops->body(next, x, c);
    else
        wire_body(x, c);
}

/* --- answering --- */

/* A Content-Length that the app has put among the fields counts where it has not said otherwise. */
static void take_content_length(struct exchange *x)
{
    const struct header *h = header_find_id(&x->res.headers, HEADER_CONTENT_LENGTH);

    if (!h)
        return;
    if (x->res.content_length < 0 && !num_parse_u63(h->value, &x->res.content_length)) {
        x->res.content_length = -1;
        log_write(&x->log, LOG_ERROR, "invalid Content-Length of a response dropped");
    }
    header_remove_id(&x->res.headers, HEADER_CONTENT_LENGTH);
}

static void start(struct exchange *x)
{
    struct response *r = &x->res;

    CHECK(x->state == EXCHANGE_HANDLING);
    if (!r->status)
        r->status = 200;
    check_status(x);
    if (UNLIKELY(is_reset(x)))
        r->content_length = 0;
    if (r->last_modified >= 0 && !header_find_id(&r->headers, HEADER_LAST_MODIFIED)) {
        char *date = pool_alloc(&x->pool, DATE_SIZE);

        date_format(date, r->last_modified);
        header_add_id(&r->headers, &x->pool, HEADER_LAST_MODIFIED, slice_of(date, DATE_SIZE));
    }
    exchange_set_state(x, EXCHANGE_HEAD_OUT);
    exchange_pass_head(x, x->filters);
}

/* One piece into the chain; the state says what has been. */
static void push(struct exchange *x, const struct chunk *c)
{
    struct chunk empty = {.bytes = SLICE_EMPTY, .fd = -1, .is_last = c->is_last};

    if (UNLIKELY(is_gone(x))) {
        chunk_drop(c);
        return;
    }
    if (is_bodyless(x) || is_reset(x)) {
        chunk_drop(c);
        if (!c->is_last)
            return;
        c = &empty;
    }
    if (x->state == EXCHANGE_HEAD_OUT)
        exchange_set_state(x, EXCHANGE_BODY_OUT);
    exchange_pass_body(x, x->filters, c);
}

void exchange_start(struct exchange *x)
{
    if (is_gone(x))
        return;
    take_content_length(x);
    start(x);
}

void exchange_write(struct exchange *x, const struct chunk *c)
{
    if (is_gone(x) || x->is_complete) {
        x->has_ended |= c->is_last;
        chunk_drop(c);
        return;
    }
    CHECK(!x->has_ended && x->state >= EXCHANGE_HANDLING && x->state <= EXCHANGE_BODY_OUT);
    x->has_ended = c->is_last;
    if (x->state == EXCHANGE_HANDLING) {
        take_content_length(x);
        if (c->is_last && x->res.content_length < 0 && (chunk_size(c) || !x->is_head))
            x->res.content_length = (int64_t)chunk_size(c);
        start(x);
    }
    push(x, c);
}

void exchange_end(struct exchange *x)
{
    if (x->has_ended)
        return;
    exchange_write(x, &CHUNK_LAST(SLICE_EMPTY));
}

void exchange_respond_kept(struct exchange *x, struct slice body, struct keeper *keeper)
{
    struct chunk whole = CHUNK_LAST(body);

    if (is_gone(x))
        return;
    CHECK(x->state == EXCHANGE_HANDLING && !x->has_ended);
    x->has_ended = true;
    if (UNLIKELY(x->is_head && !body.n))
        take_content_length(x);
    if (LIKELY(body.n || x->res.content_length < 0 || !x->is_head))
        x->res.content_length = (int64_t)body.n;
    start(x);
    whole.keeper = keeper;
    push(x, &whole);
}

void exchange_inform(struct exchange *x, int status, const struct header_list *headers)
{
    if (x->state != EXCHANGE_HANDLING || (x->req.version_major == 1 && x->req.version_minor == 0))
        return;
    CHECK(status >= 100 && status < 200 && status != 101);
    x->transport->send_informational(x, status, headers);
}
