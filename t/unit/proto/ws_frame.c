/* Frames: each case whole and one byte at a time; the answers must agree. */
#include "proto/ws_frame.h"

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

/* Heads that we write are read back, at every border of the length's forms. */
static void test_heads(void **state)
{
    static const uint64_t sizes[] = {0, 1, 125, 126, 65535, 65536, 1ULL << 40};
    static const uint8_t mask[4] = {9, 8, 7, 6};

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(sizes); i++) {
        uint8_t head[WS_HEAD_MOST];
        uint64_t size = sizes[i / 2];
        struct ws_reader r;
        struct slice in;

        ws_reader_init(&r);
        r.expects_mask = i % 2;
        in = slice_of((char *)head,
                      ws_frame_head(head, WS_BINARY, false, size, i % 2 ? mask : NULL));
        assert_int_equal(ws_reader_next(&r, &in), size ? WS_EVENT_MORE : WS_EVENT_DATA);
        assert_int_equal(in.n, 0);
        assert_true(r.left == size);
    }
}

static void test_fragment_heads(void **state)
{
    uint8_t head[WS_HEAD_MOST];

    (void)state;
    assert_int_equal(ws_fragment_head(head, WS_TEXT, false, 3, NULL), 2);
    assert_int_equal(head[0], 0x01);
    assert_int_equal(ws_fragment_head(head, WS_CONTINUATION, true, 3, NULL), 2);
    assert_int_equal(head[0], 0x80);
    assert_int_equal(ws_frame_head(head, WS_TEXT, true, 3, NULL), 2);
    assert_int_equal(head[0], 0xc1);
}

/* Every length and every turn against byte by byte. */
static void test_mask(void **state)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    char bytes[200], want[200];

    (void)state;
    for (size_t n = 0; n < sizeof bytes - 1; n++) {
        for (unsigned turn = 0; turn < 4; turn++) {
            for (size_t i = 0; i <= n; i++) {
                bytes[i] = (char)(i * 7);
                want[i] =
                    (char)(i < n ? (uint8_t)bytes[i] ^ mask[(turn + i) & 3] : (uint8_t)bytes[i]);
            }
            assert_int_equal(ws_mask(bytes, n, mask, turn), (turn + n) & 3);
            assert_memory_equal(bytes, want, n + 1);
        }
    }
}

static void test_close(void **state)
{
    static const struct {
        struct slice payload;
        uint16_t error, code;
        const char *reason;
    } rows[] = {
        {{IN("")}, 0, WS_CODE_NONE, ""},
        {{IN("\x03")}, WS_CODE_PROTOCOL, 0, NULL},
        {{IN("\x03\xe8")}, 0, 1000, ""},
        {{IN("\x03\xe8"
             "bye")},
         0,
         1000,
         "bye"},
        {{IN("\x03\xe8\xce\xba\xe1")}, WS_CODE_INVALID, 0, NULL},
        {{IN("\x03\xec")}, WS_CODE_PROTOCOL, 0, NULL},
        {{IN("\x03\xed")}, WS_CODE_PROTOCOL, 0, NULL},
        {{IN("\x03\xee")}, WS_CODE_PROTOCOL, 0, NULL},
        {{IN("\x03\xf7")}, WS_CODE_PROTOCOL, 0, NULL},
        {{IN("\x0b\xb8")}, 0, 3000, ""},
        {{IN("\x13\x87")}, 0, 4999, ""},
        {{IN("\x13\x88")}, WS_CODE_PROTOCOL, 0, NULL},
        {{IN("\x00\x00")}, WS_CODE_PROTOCOL, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint16_t code;
        struct slice reason;

        assert_int_equal(ws_close_parse(rows[i].payload, &code, &reason), rows[i].error);
        if (rows[i].error == 0) {
            assert_int_equal(code, rows[i].code);
            assert_true(slice_eq(reason, slice_str(rows[i].reason)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),          cmocka_unit_test(test_heads),
        cmocka_unit_test(test_fragment_heads), cmocka_unit_test(test_mask),
        cmocka_unit_test(test_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
