/* Messages: whole and by piece, each input at once and one byte at a time. */
#include "proto/ws_messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct message_case {
    const char *name, *in;
    size_t n;
    size_t max_message;
    const char *events; /* as "T(abc)" per message, "9<x>" per control frame, "!1007" at the end */
};

#define IN(s) s, sizeof(s) - 1

static const struct message_case cases[] = {
    {"text",
     IN("\x81\x03"
        "abc"),
     100, "T(abc)"},
    {"empty", IN("\x81\x00\x82\x00"), 100, "T()B()"},
    {"fragments",
     IN("\x01\x02"
        "ab\x89\x00\x00\x00\x80\x01"
        "c\x81\x01"
        "d"),
     100, "9<>T(abc)T(d)"},
    {"letter over two fragments", IN("\x01\x01\xce\x80\x01\xba"), 100, "T(\xce\xba)"},
    {"binary need not be text", IN("\x82\x02\xff\xfe"), 100, "B(\xff\xfe)"},
    {"bad text",
     IN("\x81\x02"
        "a\xff"),
     100, "!1007"},
    {"bad text in an early fragment",
     IN("\x01\x02"
        "a\xff"),
     100, "!1007"},
    {"text that ends within a letter", IN("\x81\x01\xce"), 100, "!1007"},
    {"fragments that end within a letter",
     IN("\x01\x01"
        "a\x80\x01\xce"),
     100, "!1007"},
    {"state is not carried over",
     IN("\x82\x01\xce\x81\x01"
        "a"),
     100, "B(\xce)T(a)"},
    {"too large in one",
     IN("\x81\x05"
        "abcde"),
     4, "!1009"},
    {"too large in all",
     IN("\x01\x03"
        "abc\x80\x02"
        "de"),
     4, "!1009"},
    {"bad text before it is too large",
     IN("\x81\x05"
        "a\xff"
        "bcd"),
     4, "!1007"},
    {"bad text after it is too large",
     IN("\x81\x05"
        "abcd\xff"),
     4, "!1009"},
    {"compressed", IN("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), 5, "T(Hello)"},
    {"compressed fragments", IN("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"), 5, "T(Hello)"},
    {"too large when inflated", IN("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), 4, "!1009"},
    {"nonsense that is compressed", IN("\xc1\x03\xff\xff\xff"), 100, "!1007"},
    {"plain where compression is agreed",
     IN("\x81\x02"
        "hi\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
     100, "T(hi)T(Hello)"},
};

static void begin(struct ws_messages *m, const struct message_case *c, bool by_piece)
{
    static const struct ws_deflate_params p = {15, 15, true, true, 6, 8};

    ws_messages_init(m);
    m->deflate = ws_deflate_new(&p);
    m->frames.can_be_deflated = true;
    m->max_message = c->max_message;
    m->is_by_piece = by_piece;
}

/* Appends what happened; false: it was bad. */
static bool read_some(struct ws_messages *m, struct slice in, struct buf *out, bool *is_open)
{
    for (;;) {
        enum ws_event event = ws_messages_next(m, &in);

        if (event == WS_EVENT_MORE)
            return true;
        if (event == WS_EVENT_BAD) {
            out->n = 0;
            buf_printf(out, "!%d", m->frames.code);
            return false;
        }
        if (event == WS_EVENT_CONTROL) {
            buf_printf(out, "%d<" SLICE_FMT ">", (int)m->frames.opcode, SLICE_ARG(m->data));
            continue;
        }
        if (!*is_open)
            buf_add_slice(out, m->frames.opcode == WS_TEXT ? SLICE("T(") : SLICE("B("));
        buf_add_slice(out, m->data);
        *is_open = !m->frames.is_last;
        if (!*is_open)
            buf_add_char(out, ')');
    }
}

static void check(const struct message_case *c, size_t step, bool by_piece)
{
    struct ws_messages m;
    struct buf out = BUF_EMPTY;
    bool is_open = false, is_good = true;

    begin(&m, c, by_piece);
    for (size_t at = 0; at < c->n && is_good; at += step) {
        size_t n = MIN(step, c->n - at);
        char *copy = malloc(n);

        memcpy(copy, c->in + at, n);
        is_good = read_some(&m, slice_of(copy, n), &out, &is_open);
        free(copy);
    }
    if (!by_piece || !strchr(c->events, '9')) {
        if (strcmp(buf_cstr(&out), c->events) != 0)
            fail_msg("%s by %zu: %s", c->name, step, buf_cstr(&out));
    }
    if (is_good)
        assert_true((ws_reader_is_idle(&m.frames) && m.gathered.n == 0) || m.data.p != NULL);
    ws_deflate_free(&m.deflate);
    ws_messages_deinit(&m);
    buf_free(&out);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (unsigned k = 0; k < 2; k++) {
            check(&cases[i], cases[i].n, k);
            check(&cases[i], 1, k);
        }
    }
}

/* A message in one frame and one piece is handed on where it lies; no memory is held afterwards. */
static void test_no_copy(void **state)
{
    struct message_case c = {.max_message = 100};
    char bytes[] = "\x82\x03"
                   "abc";
    struct slice in = slice_of(bytes, 5);
    struct ws_messages m;

    (void)state;
    begin(&m, &c, false);
    assert_int_equal(ws_messages_next(&m, &in), WS_EVENT_DATA);
    assert_ptr_equal(m.data.p, bytes + 2);
    assert_int_equal(ws_messages_next(&m, &in), WS_EVENT_MORE);
    assert_null(m.gathered.p);
    assert_true(ws_reader_is_idle(&m.frames));
    ws_deflate_free(&m.deflate);
    ws_messages_deinit(&m);
}

/* The rest of a large frame is read to where its message is gathered; not that of a compressed one,
 * of one given by piece, of a small one, or of one that will be too large. */
static void test_room(void **state)
{
    struct message_case c = {.max_message = 100000};
    char head[] = "\x82\x7e\x75\x30"
                  "abc"; /* 30,000 bytes */
    struct ws_messages m;
    struct slice in;
    size_t n = 0;
    char *to;

    (void)state;
    begin(&m, &c, false);
    in = slice_of(head, 7);
    assert_false(ws_messages_room(&m, &to, &n));
    assert_int_equal(ws_messages_next(&m, &in), WS_EVENT_MORE);
    assert_true(ws_messages_room(&m, &to, &n));
    assert_int_equal(n, 29997);
    memset(to, 'd', 20000);
    in = slice_of(to, 20000);
    assert_int_equal(ws_messages_next(&m, &in), WS_EVENT_MORE);
    assert_true(ws_messages_room(&m, &to, &n));
    assert_ptr_equal(to, m.gathered.p + 20003);
    memset(to, 'e', 9997);
    in = slice_of(to, 9997);
    assert_int_equal(ws_messages_next(&m, &in), WS_EVENT_DATA);
    assert_int_equal(m.data.n, 30000);
    assert_memory_equal(m.data.p, "abcddd", 6);
    assert_memory_equal(m.data.p + 20002, "dee", 3);
    assert_false(ws_messages_room(&m, &to, &n));

    in = slice_of(head, 7);
    assert_int_equal(ws_messages_next(&m, &in), WS_EVENT_MORE);
    m.is_by_piece = true;
    assert_false(ws_messages_room(&m, &to, &n));
    m.is_by_piece = false;
    m.max_message = 29999;
    assert_false(ws_messages_room(&m, &to, &n));
    ws_deflate_free(&m.deflate);
    ws_messages_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_no_copy),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
