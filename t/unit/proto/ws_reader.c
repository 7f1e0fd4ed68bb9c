/* Frames that are read: each case whole and in pieces; the answers must agree. */
#include "proto/ws_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

struct frame_case {
    const char *name, *in;
    size_t n;
    bool is_server, can_be_deflated;
    uint64_t max_frame;
    const char
        *events; /* "T(abc" a piece of text, ")" its message's end; "B" binary; "9<x>" control;
                    "!1002" bad */
};

#define IN(s) s, sizeof(s) - 1

static const struct frame_case cases[] = {
    {"text",
     IN("\x81\x03"
        "abc"),
     false, false, 1000, "T(abc)"},
    {"empty text", IN("\x81\x00"), false, false, 1000, "T()"},
    {"binary, masked",
     IN("\x82\x83\x01\x02\x03\x04"
        "`"
        "`"
        "`"),
     true, false, 1000, "B(abc)"},
    {"two messages",
     IN("\x81\x01"
        "a\x82\x01"
        "b"),
     false, false, 1000, "T(a)B(b)"},
    {"fragments",
     IN("\x01\x02"
        "ab\x00\x01"
        "c\x80\x01"
        "d"),
     false, false, 1000, "T(abcd)"},
    {"empty last fragment",
     IN("\x01\x02"
        "ab\x80\x00"),
     false, false, 1000, "T(ab)"},
    {"ping between fragments",
     IN("\x02\x01"
        "a\x89\x02"
        "hi\x80\x01"
        "b"),
     false, false, 1000, "B(a9<hi>b)"},
    {"pong without payload", IN("\x8a\x00"), false, false, 1000, "10<>"},
    {"close", IN("\x88\x02\x03\xe8"), false, false, 1000, "8<\x03\xe8>"},
    {"compressed",
     IN("\xc1\x01"
        "x"),
     false, true, 1000, "T*(x)"},
    {"compressed fragments",
     IN("\x41\x01"
        "x\x80\x01"
        "y"),
     false, true, 1000, "T*(xy)"},
    {"RSV1 without extension",
     IN("\xc1\x01"
        "x"),
     false, false, 1000, "!1002"},
    {"RSV1 on a continuation",
     IN("\x41\x01"
        "x\xc0\x01"
        "y"),
     false, true, 1000, "T*(x!1002"},
    {"RSV1 on a ping", IN("\xc9\x00"), false, true, 1000, "!1002"},
    {"RSV2", IN("\xa1\x00"), false, true, 1000, "!1002"},
    {"RSV3", IN("\x91\x00"), false, true, 1000, "!1002"},
    {"opcode 3", IN("\x83\x00"), false, false, 1000, "!1002"},
    {"opcode 11", IN("\x8b\x00"), false, false, 1000, "!1002"},
    {"continuation first",
     IN("\x80\x01"
        "a"),
     false, false, 1000, "!1002"},
    {"message in a message",
     IN("\x01\x01"
        "a\x81\x01"
        "b"),
     false, false, 1000, "T(a!1002"},
    {"fragmented ping", IN("\x09\x00"), false, false, 1000, "!1002"},
    {"ping of 126", IN("\x89\x7e\x00\x7e"), false, false, 1000, "!1002"},
    {"no mask to a server",
     IN("\x81\x01"
        "a"),
     true, false, 1000, "!1002"},
    {"mask to a client",
     IN("\x81\x81\x01\x02\x03\x04"
        "a"),
     false, false, 1000, "!1002"},
    {"125 in 16 bits", IN("\x81\x7e\x00\x7d"), false, false, 1000, "!1002"},
    {"65535 in 64 bits", IN("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), false, false, 1000000,
     "!1002"},
    {"64th bit", IN("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), false, false, 1000, "!1002"},
    {"too large", IN("\x81\x7e\x03\xe9"), false, false, 1000, "!1009"},
    {"just fits",
     IN("\x81\x05"
        "abcde"),
     false, false, 5, "T(abcde)"},
    {"just too large", IN("\x81\x06"), false, false, 5, "!1009"},
    {"a control frame has its own limit",
     IN("\x89\x06"
        "abcdef"),
     false, false, 5, "9<abcdef>"},
};

static void add_piece(struct buf *out, const struct ws_reader *r)
{
    if (r->is_first)
        buf_printf(out, "%s%s(", r->opcode == WS_TEXT ? "T" : "B",
                   ws_reader_is_deflated(r) ? "*" : "");
    buf_add_slice(out, r->data);
    if (r->is_last)
        buf_add_char(out, ')');
}

static void read_some(struct ws_reader *r, char *bytes, size_t n, struct buf *out)
{
    struct slice in = slice_of(bytes, n);

    for (;;) {
        switch (ws_reader_next(r, &in)) {
        case WS_EVENT_MORE:
            assert_int_equal(in.n, 0);
            return;
        case WS_EVENT_DATA:
            add_piece(out, r);
            break;
        case WS_EVENT_CONTROL:
            buf_printf(out, "%d<" SLICE_FMT ">", (int)r->opcode, SLICE_ARG(r->data));
            break;
        case WS_EVENT_BAD:
            assert_non_null(r->reason);
            if (out->n == 0 || out->p[out->n - 1] != '2')
                buf_printf(out, "!%d", r->code);
            return;
        }
    }
}

static void check(const struct frame_case *c, size_t step)
{
    struct ws_reader r;
    struct buf out = BUF_EMPTY;

    ws_reader_init(&r);
    r.expects_mask = c->is_server;
    r.can_be_deflated = c->can_be_deflated;
    r.max_frame = c->max_frame;
    for (size_t at = 0; at < c->n; at += step) {
        char *copy = malloc(step); /* exact, so that the sanitizer sees a byte too far */
        size_t n = MIN(step, c->n - at);

        memcpy(copy, c->in + at, n);
        read_some(&r, copy, n, &out);
        free(copy);
        if (out.n > 0 && strchr(buf_cstr(&out), '!'))
            break;
    }
    if (strcmp(buf_cstr(&out), c->events) != 0)
        fail_msg("%s by %zu: %s, expected %s", c->name, step, buf_cstr(&out), c->events);
    if (!strchr(c->events, '!'))
        assert_true(ws_reader_is_idle(&r));
    buf_free(&out);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        check(&cases[i], cases[i].n);
        check(&cases[i], 1);
        check(&cases[i], 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
