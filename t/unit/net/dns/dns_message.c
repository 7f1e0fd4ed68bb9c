/* Answers as they may come: each type, compression, and what is malformed. */
#include "net/dns/dns_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"

#define HEAD     "\0\1\x81\x80\0\1\0\1\0\0\0\0"
#define QUESTION "\1a\4test\0\0\1\0\1"

/* A whole message with one record of `type` whose data is `data`. */
static struct slice message_of(uint16_t type, struct slice data)
{
    static char bytes[1024];
    char *p = bytes;

    memcpy(p, HEAD QUESTION, sizeof(HEAD QUESTION) - 1);
    p += sizeof(HEAD QUESTION) - 1;
    memcpy(p, "\xc0\x0c", 2);
    p[2] = (char)(type >> 8);
    p[3] = (char)type;
    memcpy(p + 4, "\0\1\0\0\1\x2c", 6);
    p[10] = (char)(data.n >> 8);
    p[11] = (char)data.n;
    memcpy(p + 12, data.p, data.n);
    return slice_of(bytes, (size_t)(p + 12 - bytes) + data.n);
}

static void add_field(void *user, const struct dns_field *f)
{
    struct buf *b = user;

    buf_printf(b, "%s=", f->name);
    if (f->kind == DNS_FIELD_NUMBER)
        buf_printf(b, "%u ", f->number);
    else
        buf_printf(b, SLICE_FMT " ", SLICE_ARG(f->text));
}

static void test_types(void **state)
{
    static const struct {
        const char *type;
        struct slice data;
        const char *want;
    } rows[] = {
        {"A", {"\x7f\0\0\1", 4}, "address=127.0.0.1 "},
        {"aaaa", {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16}, "address=::1 "},
        {"CNAME", {"\1b\xc0\x0c", 4}, "target=b.a.test "},
        {"NS", {"\2ns\0", 4}, "target=ns "},
        {"PTR", {"\3x.y\1\\\0", 7}, "target=x\\.y.\\\\ "},
        {"MX", {"\0\x0a\0", 3}, "preference=10 exchange=. "},
        {"TXT", {"\2ab\0\1c", 6}, "text=ab text= text=c "},
        {"SRV", {"\0\1\0\2\x1f\x90\1s\0", 9}, "priority=1 weight=2 port=8080 target=s "},
        {"SOA",
         {"\1m\0\1r\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", 26},
         "mname=m rname=r serial=1 refresh=2 retry=3 expire=4 minimum=5 "},
        {"CAA", {"\x80\5issueca.test", 14}, "flags=128 tag=issue value=ca.test "},
        {"NAPTR",
         {"\0\1\0\2\1s\3SIP\0\1t\0", 14},
         "order=1 preference=2 flags=s service=SIP regexp= replacement=t "},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint16_t type = dns_message_type(slice_str(rows[i].type));
        struct dns_message m;
        struct dns_record r;
        struct buf got = BUF_EMPTY;

        assert_int_not_equal(type, 0);
        assert_true(slice_ieq(slice_str(dns_message_type_name(type)), slice_str(rows[i].type)));
        assert_true(dns_message_open(&m, message_of(type, rows[i].data)));
        assert_int_equal(dns_message_next(&m, &r), 1);
        assert_int_equal(r.ttl, 300);
        assert_true(dns_message_fields(&m, &r, add_field, &got));
        assert_string_equal(buf_cstr(&got), rows[i].want);
        assert_int_equal(dns_message_next(&m, &r), 0);
        buf_free(&got);
        /* one byte less, and one more, is no record of that type; free text has no such measure */
        if (type == DNS_CAA || type == DNS_TXT)
            continue;
        assert_true(
            dns_message_open(&m, message_of(type, slice_of(rows[i].data.p, rows[i].data.n - 1))));
        assert_int_equal(dns_message_next(&m, &r), 1);
        assert_false(dns_message_fields(&m, &r, add_field, &got));
        assert_true(
            dns_message_open(&m, message_of(type, slice_of(rows[i].data.p, rows[i].data.n + 1))));
        assert_int_equal(dns_message_next(&m, &r), 1);
        assert_false(dns_message_fields(&m, &r, add_field, &got));
        buf_free(&got);
    }
}

static void test_unknown_type(void **state)
{
    struct dns_message m;
    struct dns_record r;
    struct buf got = BUF_EMPTY;

    UNUSED(state);
    assert_int_equal(dns_message_type(SLICE("NOSUCH")), 0);
    assert_null(dns_message_type_name(4711));
    assert_true(dns_message_open(&m, message_of(4711, SLICE("xyz"))));
    assert_int_equal(dns_message_next(&m, &r), 1);
    assert_true(dns_message_fields(&m, &r, add_field, &got));
    assert_string_equal(buf_cstr(&got), "data=xyz ");
    buf_free(&got);
}

static void test_names(void **state)
{
    static const struct {
        struct slice bytes;
        const char *want; /* NULL: malformed */
        size_t behind;
    } rows[] = {
        {{"############\0", 13}, ".", 13},
        {{"############\1a\0", 15}, "a", 15},
        {{"############\1\x07\0", 15}, "\\007", 15},
        {{"############\1a\0\1b\xc0\x0c", 19}, NULL, 0},
        {{"############\xc0\x0c", 14}, NULL, 0},   /* points to itself */
        {{"############\xc0\x0e\0", 15}, NULL, 0}, /* forward */
        {{"############\xc0", 13}, NULL, 0},
        {{"############\x40", 13}, NULL, 0}, /* neither a length nor a pointer */
        {{"############\5abc", 16}, NULL, 0},
        {{"############\1a", 14}, NULL, 0}, /* without an end */
    };
    char text[DNS_NAME_TEXT];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (i == 3) { /* a name that ends in a pointer to one before it */
            assert_int_equal(dns_message_name(rows[i].bytes, 15, text), 19);
            assert_string_equal(text, "b.a");
            continue;
        }
        assert_int_equal(dns_message_name(rows[i].bytes, 12, text), rows[i].behind);
        if (rows[i].want)
            assert_string_equal(text, rows[i].want);
    }
}

/* 255 bytes are a name, one more is none; pointers add up as well. */
static void test_long_name(void **state)
{
    char bytes[600], text[DNS_NAME_TEXT];
    size_t n = 12;

    UNUSED(state);
    memset(bytes, 1, sizeof bytes);
    for (unsigned i = 0; i < 127; i++) {
        bytes[n++] = 1;
        bytes[n++] = (char)0xff;
    }
    bytes[n++] = 0;
    assert_int_equal(dns_message_name(slice_of(bytes, n), 12, text), n);
    assert_int_equal(strlen(text), 127 * 4 + 126);
    memcpy(bytes + n, "\1x\xc0\x0c", 4);
    assert_int_equal(dns_message_name(slice_of(bytes, n + 4), n, text), 0);
    memcpy(bytes + n, "\xc0\x0c", 2);
    assert_int_equal(dns_message_name(slice_of(bytes, n + 2), n, text), n + 2);
}

/* Every beginning of a good message is malformed, none reads beyond its end. */
static void test_cut_short(void **state)
{
    struct slice whole = message_of(DNS_MX, slice_of("\0\x0a\4mail\xc0\x0c", 9));

    UNUSED(state);
    for (size_t n = 0; n < whole.n; n++) {
        struct dns_message m;
        struct dns_record r;

        if (dns_message_open(&m, slice_of(whole.p, n)))
            assert_int_equal(dns_message_next(&m, &r), -1);
    }
}

static void test_other_class(void **state)
{
    struct slice s = message_of(DNS_A, SLICE("abcd"));
    char bytes[200];
    struct dns_message m;
    struct dns_record r;

    UNUSED(state);
    memcpy(bytes, s.p, s.n);
    bytes[sizeof(HEAD QUESTION) - 1 + 5] = 3; /* CHAOS */
    assert_true(dns_message_open(&m, slice_of(bytes, s.n)));
    assert_int_equal(dns_message_next(&m, &r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),     cmocka_unit_test(test_unknown_type),
        cmocka_unit_test(test_names),     cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_cut_short), cmocka_unit_test(test_other_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
