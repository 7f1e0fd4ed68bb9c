/* Frames that are sent: heads, masks; and what close frames say. */
#include "proto/ws_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/ws_reader.h"

#define IN(s) s, sizeof(s) - 1

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
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_fragment_heads),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
