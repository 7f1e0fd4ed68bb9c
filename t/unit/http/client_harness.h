/* A client connection over an in-memory pair: the test plays the server at the other end and notes
 * what the user of an exchange is told. */
#ifndef T_UNIT_HTTP_CLIENT_HARNESS_H
#define T_UNIT_HTTP_CLIENT_HARNESS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "http/client/client_h1.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "net/pair.h"

struct told {
    unsigned heads, bodies, failed, drained, informational, freed, closed;
    int status, informational_status;
    const struct err *err, *closed_err;
    struct client_exchange *lost;
    struct buf body;
    enum body_result end; /* of the body, as reading it told */
    bool reads;           /* the user reads bodies as they come */
};

static struct told told;
static struct stream *server; /* the test's end */
static struct client_conn *conn;

static inline void read_all(struct client_exchange *x)
{
    struct slice data;

    while ((told.end = client_exchange_read(x, &data)) == BODY_DATA)
        buf_add_slice(&told.body, data);
    if (told.end == BODY_WAIT)
        client_exchange_wait(x);
}

static inline void on_head(struct client_exchange *x)
{
    told.heads++;
    told.status = x->res.status;
    if (told.reads)
        read_all(x);
}

static inline void on_body(struct client_exchange *x)
{
    told.bodies++;
    if (told.reads)
        read_all(x);
}

static inline void on_failed(struct client_exchange *x)
{
    told.failed++;
    told.err = x->err;
}

static inline void on_drained(struct client_exchange *x)
{
    (void)x;
    told.drained++;
}

static inline void on_informational(struct client_exchange *x, int status,
                                    const struct header_list *headers)
{
    (void)x;
    (void)headers;
    told.informational++;
    told.informational_status = status;
}

static const struct client_user user = {.on_head = on_head,
                                        .on_body = on_body,
                                        .on_failed = on_failed,
                                        .on_drained = on_drained,
                                        .on_informational = on_informational};

static inline void on_free(struct client_conn *c)
{
    (void)c;
    told.freed++;
}

static inline void on_closed(struct client_conn *c, struct client_exchange *lost,
                             const struct err *why)
{
    assert_ptr_equal(c, conn);
    conn = NULL;
    told.closed++;
    told.lost = lost;
    told.closed_err = why;
    if (lost)
        client_exchange_fail(lost, why);
}

static const struct client_conn_owner owner = {.on_free = on_free, .on_closed = on_closed};

static inline void ignore(struct stream *s, int events)
{
    (void)s;
    (void)events;
}

static inline void turns(unsigned n)
{
    while (n--)
        loop_turn(false);
}

static inline void begin(size_t capacity)
{
    struct stream *ends[2];

    clock_update();
    buf_free(&told.body);
    told = (struct told){.reads = true, .end = BODY_WAIT};
    pair_new(ends, capacity);
    server = ends[1];
    server->on_ready = ignore;
    conn = client_h1_open(ends[0], &owner, NULL);
}

static inline void end(void)
{
    if (conn)
        client_conn_close(&conn);
    stream_close(&server, false);
    turns(3);
    buf_free(&told.body);
}

static inline struct client_exchange *request(const char *method)
{
    struct client_exchange *x = client_exchange_new(&user, NULL);

    x->req.method_token = slice_str(method);
    x->req.method = method_parse(x->req.method_token);
    x->req.target = SLICE("/x");
    x->req.authority = SLICE("a.example");
    return x;
}

/* What has reached the server since the last call; static text. */
static inline const char *server_got(void)
{
    static char text[1000000];
    size_t at = 0;
    ssize_t n;

    for (unsigned i = 0; i < 50; i++) {
        turns(1);
        while ((n = stream_read(server, text + at, sizeof(text) - 1 - at)) > 0)
            at += (size_t)n;
    }
    text[at] = 0;
    return text;
}

static inline void server_says_bytes(const char *p, size_t n)
{
    while (n) {
        struct iovec iov = {(void *)(uintptr_t)p, n};
        ssize_t sent = stream_writev(server, &iov, 1);

        assert_int_not_equal(sent, STREAM_FAILED);
        if (sent > 0) {
            p += sent;
            n -= (size_t)sent;
        }
        turns(2);
    }
    turns(3);
}

static inline void server_says(const char *text)
{
    server_says_bytes(text, strlen(text));
}

static inline int loop_setup(void **state)
{
    (void)state;
    clock_update();
    loop_init(LOOP_BEST);
    return 0;
}

static inline int loop_teardown(void **state)
{
    (void)state;
    loop_deinit();
    return 0;
}

#endif
