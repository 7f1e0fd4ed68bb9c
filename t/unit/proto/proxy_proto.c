/* The PROXY protocol: whole headers, every beginning of them, and what is none. */
#include "base/mem.h"
#include "proto/proxy_proto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define V2 "\r\n\r\n\0\r\nQUIT\n"

static const struct {
    struct slice in;
    enum proxy_proto_kind kind;
    const char *source, *destination;
    uint16_t source_port, destination_port;
    size_t n;
} good[] = {
    {{"PROXY TCP4 1.2.3.4 5.6.7.8 1024 443\r\nGET", 40},
     PROXY_PROTO_TCP4,
     "1.2.3.4",
     "5.6.7.8",
     1024,
     443,
     37},
    {{"PROXY TCP6 2001:db8::1 ::1 0 65535\r\n", 36},
     PROXY_PROTO_TCP6,
     "2001:db8::1",
     "::1",
     0,
     65535,
     36},
    {{"PROXY UNKNOWN\r\n", 15}, PROXY_PROTO_UNKNOWN, "", "", 0, 0, 15},
    {{"PROXY UNKNOWN whatever it says\r\n", 32}, PROXY_PROTO_UNKNOWN, "", "", 0, 0, 32},
    {{V2 "\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\4\0\1\xbb", 28},
     PROXY_PROTO_TCP4,
     "1.2.3.4",
     "5.6.7.8",
     1024,
     443,
     28},
    {{V2 "\x21\x11\0\x10\1\2\3\4\5\6\7\x08\4\0\1\xbb\4\0\1x", 32},
     PROXY_PROTO_TCP4,
     "1.2.3.4",
     "5.6.7.8",
     1024,
     443,
     32},
    {{V2 "\x20\x11\0\2ab", 18}, PROXY_PROTO_UNKNOWN, "", "", 0, 0, 18}, /* LOCAL */
    {{V2 "\x21\x12\0\0", 16}, PROXY_PROTO_UNKNOWN, "", "", 0, 0, 16},   /* datagrams */
};

static void test_good(void **state)
{
    struct proxy_proto p;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(proxy_proto_read(good[i].in, &p), PROXY_PROTO_DONE);
        assert_int_equal(p.kind, good[i].kind);
        assert_string_equal(p.source, good[i].source);
        assert_string_equal(p.destination, good[i].destination);
        assert_int_equal(p.source_port, good[i].source_port);
        assert_int_equal(p.destination_port, good[i].destination_port);
        assert_int_equal(p.n, good[i].n);
        for (size_t n = 0; n < good[i].n; n++)
            assert_int_equal(proxy_proto_read(slice_of(good[i].in.p, n), &p), PROXY_PROTO_MORE);
    }
}

static void test_bad(void **state)
{
    static const struct slice rows[] = {
        {"GET / HTTP/1.1\r\n", 16},
        {"PROXZ ", 6},
        {"PROXY TCP4 1.2.3.4 5.6.7.8 1024 443\n", 36},
        {"PROXY TCP4 1.2.3.4 5.6.7.8 1024\r\n", 33},
        {"PROXY TCP4 1.2.3.4 5.6.7.8 1024 443 9\r\n", 39},
        {"PROXY TCP4 1.2.3.4 5.6.7.8 1024 65536\r\n", 39},
        {"PROXY TCP4 1.2.3.4 5.6.7.8 01 443\r\n", 35},
        {"PROXY TCP4 1.2.3.4  5.6.7.8 1 443\r\n", 35},
        {"PROXY TCP4 ::1 ::1 1 2\r\n", 24},
        {"PROXY TCP6 1.2.3.4 ::1 1 2\r\n", 28},
        {"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", 32},
        {"PROXY \r\n", 8},
        {V2 "\x31\x11\0\x0c", 16},
        {V2 "\x22\x11\0\x0c", 16},
        {V2 "\x21\x11\0\x0b\1\2\3\4\5\6\7\x08\4\0\1", 27},
        {V2 "\x21\x11\xff\xff", 16},
    };
    struct proxy_proto p;
    char line[200];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(proxy_proto_read(rows[i], &p), PROXY_PROTO_BAD);
    memset(line, 'x', sizeof line);
    memcpy(line, "PROXY UNKNOWN ", 14);
    assert_int_equal(proxy_proto_read(slice_of(line, 106), &p), PROXY_PROTO_MORE);
    assert_int_equal(proxy_proto_read(slice_of(line, 107), &p), PROXY_PROTO_BAD);
}

static void test_write(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        for (int version = 1; version <= 2; version++) {
            struct proxy_proto p, back;
            struct buf b = BUF_EMPTY;

            assert_int_equal(proxy_proto_read(good[i].in, &p), PROXY_PROTO_DONE);
            proxy_proto_write(&p, version, &b);
            assert_int_equal(proxy_proto_read(buf_slice(&b), &back), PROXY_PROTO_DONE);
            assert_int_equal(back.n, b.n);
            p.n = back.n;
            p.tlvs = back.tlvs = SLICE_EMPTY; /* they lie elsewhere, and are not written */
            assert_memory_equal(&p, &back, sizeof p);
            buf_free(&b);
        }
    }
}

static void test_unix(void **state)
{
    struct proxy_proto p = {.kind = PROXY_PROTO_UNIX, .source = "/a", .destination = "/b"}, back;
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    proxy_proto_write(&p, 2, &b);
    assert_int_equal(proxy_proto_read(buf_slice(&b), &back), PROXY_PROTO_DONE);
    assert_int_equal(back.kind, PROXY_PROTO_UNIX);
    assert_string_equal(back.source, "/a");
    assert_string_equal(back.destination, "/b");
    memset(b.p + 16, 'x', 216); /* a path without an end */
    assert_int_equal(proxy_proto_read(buf_slice(&b), &back), PROXY_PROTO_BAD);
    b.n = 0;
    proxy_proto_write(&p, 1, &b);
    assert_string_equal(buf_cstr(&b), "PROXY UNKNOWN\r\n");
    buf_free(&b);
}

static void test_tlv(void **state)
{
    static const char header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x36\1\2\3\4\5\6\7\x08\4\0\1\xbb"
                                 "\0\0\1z"
                                 "\x01\0\2h2\x05\0\0"
                                 "\x20\0\x15\1\0\0\1\2\x21\0\7TLSv1.3\x22\0\3bob"
                                 "\x02\0\x09"
                                 "cut";
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"alpn", "h2"},    {"0x1", "h2"},       {"unique_id", ""},    {"ssl_version", "TLSv1.3"},
        {"ssl_cn", "bob"}, {"ssl_0x22", "bob"}, {"ssl_cipher", NULL}, {"authority", NULL},
        {"0x02", NULL},    {"0x120", NULL},     {"0xzz", NULL},       {"netns", NULL},
        {"", NULL},        {"cn", NULL},        {"nobody", NULL},     {"0x0", NULL},
    };
    struct proxy_proto p, *copy;
    uint32_t verify = 0;

    UNUSED(state);
    assert_int_equal(proxy_proto_read(slice_of(header, sizeof(header) - 1), &p), PROXY_PROTO_DONE);
    assert_int_equal(p.n, sizeof(header) - 1);
    copy = proxy_proto_copy(mem_alloc(proxy_proto_size(&p)), &p);
    memset(&p, 0, sizeof(p));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice value = proxy_proto_tlv(copy, slice_str(rows[i].name));

        assert_int_equal(value.p != NULL, rows[i].want != NULL);
        assert_true(!value.p || slice_eq(value, slice_str(rows[i].want)));
    }
    assert_true(proxy_proto_verify(copy, &verify));
    assert_int_equal(verify, 0x102);
    assert_false(proxy_proto_verify(&p, &verify));
    mem_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_write), cmocka_unit_test(test_unix),
                                       cmocka_unit_test(test_tlv)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
