/* Somebody who uses a session of HTTP/2 and writes down what it tells, for the unit tests of both
 * roles. */
#ifndef T_UNIT_PROTO_H2_WORLD_H
#define T_UNIT_PROTO_H2_WORLD_H

#include "proto/h2_session.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "t/lib/h2_frames.h"

struct world {
    struct h2_session *s;
    struct buf log, out, body;
    /* of servers: one stream is enough to tell what happened */
    int32_t id;
    bool is_full;
    size_t piece; /* bytes of `body` offered at a time */
    uint32_t goaway;
    /* of both, and of clients */
    bool has_trailers, is_last;
};

static void on_data(void *user, void *stream, struct slice data)
{
    (void)stream;
    buf_printf(&((struct world *)user)->log, "data " SLICE_FMT ";", SLICE_ARG(data));
}

static void on_end(void *user, void *stream)
{
    (void)stream;
    buf_add_lit(&((struct world *)user)->log, "end;");
}

static void on_end_sent(void *user, void *stream)
{
    (void)stream;
    buf_add_lit(&((struct world *)user)->log, "sent;");
}

static void on_pong(void *user)
{
    buf_add_lit(&((struct world *)user)->log, "pong;");
}

static void on_output(void *user, struct slice bytes)
{
    buf_add_slice(&((struct world *)user)->out, bytes);
}

static bool on_output_data(void *user, void *stream, struct slice head, size_t n)
{
    struct world *w = user;

    (void)stream;
    buf_add_slice(&w->out, head);
    buf_add(&w->out, w->body.p, n);
    buf_drop(&w->body, n);
    return true;
}

static void close_world(struct world *w)
{
    h2_session_free(&w->s);
    assert_null(w->s);
    buf_free(&w->log);
    buf_free(&w->out);
    buf_free(&w->body);
}

/* Gives it `in`, `cut` bytes at a time. */
static bool feed(struct world *w, const struct buf *in, size_t cut)
{
    bool goes_on = true;

    for (size_t at = 0; at < in->n && goes_on; at += cut) {
        struct slice piece = slice_of(in->p + at, in->n - at < cut ? in->n - at : cut);

        while (piece.n && goes_on)
            goes_on = h2_session_receive(w->s, &piece, 1000);
    }
    h2_session_send(w->s);
    return goes_on;
}

#endif
