/* Encodings: known answers, refusals, and round trips of all byte values. */
#include "base/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"

static char all_bytes[256];
static const struct slice all = {all_bytes, sizeof(all_bytes)};

static int set_up(void **state)
{
    UNUSED(state);
    for (int i = 0; i < 256; i++)
        all_bytes[i] = (char)i;
    return 0;
}

/* What `b` holds behind a mark must be `want`; the mark shows that writers append. */
static void assert_and_free(struct buf *b, struct slice want)
{
    assert_memory_equal(b->p, "mark", 4);
    assert_int_equal(b->n - 4, want.n);
    assert_memory_equal(b->p + 4, want.p, want.n);
    buf_free(b);
}

static struct buf marked(void)
{
    struct buf b = BUF_EMPTY;

    buf_add_lit(&b, "mark");
    return b;
}

/* Percent-decodes `in` behind what `b` holds; false: it was not well formed. */
static bool unpercent(struct buf *b, struct slice in, bool plus)
{
    char *room = mem_alloc(in.n + 1), *end;
    bool is_well_formed = true;

    end = encode_unpercent(room, in, plus, &is_well_formed);
    buf_add(b, room, (size_t)(end - room));
    mem_free(room);
    return is_well_formed;
}

static void test_percent(void **state)
{
    static const struct {
        const char *in, *component, *path, *value, *visible;
    } rows[] = {
        {"", "", "", "", ""},
        {"AZaz09-._~", "AZaz09-._~", "AZaz09-._~", "AZaz09-._~", "AZaz09-._~"},
        {"a b", "a%20b", "a%20b", "a%20b", "a%20b"},
        {"/p?q#f%", "%2Fp%3Fq%23f%25", "/p%3Fq%23f%25", "/p%3Fq%23f%25", "/p?q#f%"},
        {"!'()*", "%21%27%28%29%2A", "!'()*", "!'()*", "!'()*"},
        {"+&=:@;,$", "%2B%26%3D%3A%40%3B%2C%24", "+&=:@;,$", "%2B%26=:@%3B,$", "+&=:@;,$"},
        {"\x01\x1f\x7f\x80\xff", "%01%1F%7F%80%FF", "%01%1F%7F%80%FF", "%01%1F%7F%80%FF",
         "%01%1F%7F\x80\xff"},
        {"\xc3\xa9", "%C3%A9", "%C3%A9", "%C3%A9", "\xc3\xa9"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf b = marked();

        encode_percent(&b, slice_str(rows[i].in), ENCODE_COMPONENT);
        assert_and_free(&b, slice_str(rows[i].component));
        b = marked();
        encode_percent(&b, slice_str(rows[i].in), ENCODE_PATH);
        assert_and_free(&b, slice_str(rows[i].path));
        b = marked();
        encode_percent(&b, slice_str(rows[i].in), ENCODE_VALUE);
        assert_and_free(&b, slice_str(rows[i].value));
        b = marked();
        encode_percent(&b, slice_str(rows[i].in), ENCODE_VISIBLE);
        assert_and_free(&b, slice_str(rows[i].visible));
    }
}

static void test_percent_keeps_only(void **state)
{
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool is_plain =
            c && c < 0x7f &&
            (strchr("-._~", c) || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'));

        encode_percent(&b, slice_of(&byte, 1), ENCODE_COMPONENT);
        assert_int_equal(b.n, is_plain ? 1 : 3);
        buf_drop(&b, b.n);
        encode_percent(&b, slice_of(&byte, 1), ENCODE_PATH);
        assert_int_equal(b.n, c > 0x20 && c < 0x7f && !strchr("#%?\"<>\\^`{|}", c) ? 1 : 3);
        buf_drop(&b, b.n);
        encode_percent(&b, slice_of(&byte, 1), ENCODE_VALUE);
        assert_int_equal(b.n, c > 0x20 && c < 0x7f && !strchr("\"#%&+;<>?\\^`{|}", c) ? 1 : 3);
        buf_drop(&b, b.n);
        encode_percent(&b, slice_of(&byte, 1), ENCODE_VISIBLE);
        assert_int_equal(b.n, c > 0x20 && c != 0x7f ? 1 : 3);
        buf_drop(&b, b.n);
    }
    buf_free(&b);
}

static void test_unpercent(void **state)
{
    static const struct {
        const char *in, *want;
        bool plus, ok;
    } rows[] = {
        {"", "", false, true},
        {"a%20b", "a b", false, true},
        {"a+b", "a+b", false, true},
        {"a+b%2B", "a b+", true, true},
        {"%c3%A9", "\xc3\xa9", false, true},
        {"%", "%", false, false},
        {"%4", "%4", false, false},
        {"%4g", "%4g", false, false},
        {"%g4", "%g4", false, false},
        {"%%41", "%A", false, false},
        {"%zz%41", "%zzA", false, false},
        {"100%", "100%", true, false},
        {"%2541", "%41", false, true},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf b = marked();

        assert_int_equal(unpercent(&b, slice_str(rows[i].in), rows[i].plus), rows[i].ok);
        assert_and_free(&b, slice_str(rows[i].want));
    }
}

static void test_unpercent_stays_inside(void **state)
{
    struct buf b = marked();

    UNUSED(state);
    assert_false(unpercent(&b, slice_of("a%41", 3), false));
    assert_and_free(&b, SLICE("a%4"));
}

static void test_percent_round_trip(void **state)
{
    struct buf there = BUF_EMPTY, back;

    UNUSED(state);
    encode_percent(&there, all, ENCODE_COMPONENT);
    back = marked();
    assert_true(unpercent(&back, buf_slice(&there), true));
    assert_and_free(&back, all);
    buf_free(&there);
}

static void test_hex(void **state)
{
    struct buf b = marked();

    UNUSED(state);
    encode_hex(&b, slice_of("\x00\x0f\xa0\xff", 4));
    encode_hex(&b, slice_of(NULL, 0));
    assert_and_free(&b, SLICE("000fa0ff"));
}

static void test_log(void **state)
{
    struct buf b = marked();

    UNUSED(state);
    encode_log(&b, SLICE("a b~\"\\\n\x7f\xc3"));
    encode_log(&b, slice_of(NULL, 0));
    encode_log(&b, slice_of("\0", 1));
    assert_and_free(&b, SLICE("a b~\\x22\\x5C\\x0A\\x7F\\xC3\\x00"));
}

/* RFC 4648 section 10, and what tells the alphabets apart. */
static const struct {
    const char *plain, *padded, *bare_url;
} base64_rows[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "-__-"},
};

static void test_base64(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(base64_rows); i++) {
        struct slice plain = slice_str(base64_rows[i].plain);
        struct slice padded = slice_str(base64_rows[i].padded);
        struct slice bare_url = slice_str(base64_rows[i].bare_url);
        struct buf b = marked();

        encode_base64(&b, plain, false, true);
        assert_and_free(&b, padded);
        b = marked();
        encode_base64(&b, plain, true, false);
        assert_and_free(&b, bare_url);
        b = marked();
        assert_true(encode_unbase64(&b, padded, false));
        assert_and_free(&b, plain);
        b = marked();
        assert_true(encode_unbase64(&b, bare_url, true));
        assert_and_free(&b, plain);
    }
}

static void test_base64_round_trip(void **state)
{
    UNUSED(state);
    for (size_t n = 0; n <= all.n; n++) {
        struct slice in = slice_of(all.p, n);

        for (int kind = 0; kind < 3; kind++) {
            struct buf there = BUF_EMPTY, back = marked();

            encode_base64(&there, in, kind > 0, kind < 2);
            assert_true(encode_unbase64(&back, buf_slice(&there), kind > 0));
            assert_and_free(&back, in);
            buf_free(&there);
        }
    }
}

static void test_unbase64_refuses(void **state)
{
    static const struct {
        const char *in;
        bool url;
    } rows[] = {
        {"Zg", false},
        {"Zg=", false},
        {"Zg===", false},
        {"Z===", false},
        {"=", false},
        {"====", false},
        {"Zm9v=", false},
        {"Zm 9v", false},
        {"Zm9v\n", false},
        {"Zh==", false},
        {"Zm9=", false},
        {"-__-", false},
        {"+//+", true},
        {"Z", true},
        {"Zg=", true},
        {"Zm9vZ", true},
        {"Zg==Zg==", false},
        {"Z=9v", false},
        {"\xff\xff\xff\xff", true},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf b = marked();

        assert_false(encode_unbase64(&b, slice_str(rows[i].in), rows[i].url));
        assert_and_free(&b, SLICE_EMPTY);
    }
}

static void test_html(void **state)
{
    struct buf b = marked();

    UNUSED(state);
    encode_html(&b, SLICE("<a href=\"x\">'&'</a>\xc3\xa9"));
    encode_html(&b, slice_of(NULL, 0));
    assert_and_free(&b, SLICE("&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;\xc3\xa9"));
}

#define BAD "\xef\xbf\xbd"

static void test_json(void **state)
{
    static const struct {
        struct slice in;
        const char *want;
    } rows[] = {
        {{NULL, 0}, ""},
        {{"plain/\x7f", 7}, "plain/\x7f"},
        {{"\"\\\b\f\n\r\t", 7}, "\\\"\\\\\\b\\f\\n\\r\\t"},
        {{"\0\x1f", 2}, "\\u0000\\u001f"},
        {{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9}, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {{"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", 10},
         "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"},
        {{"a\xff"
          "b",
          3},
         "a" BAD "b"},
        {{"\x80", 1}, BAD},
        {{"\xc0\xaf", 2}, BAD BAD},                 /* overlong */
        {{"\xe0\x80\x80", 3}, BAD BAD BAD},         /* overlong */
        {{"\xed\xa0\x80", 3}, BAD BAD BAD},         /* surrogate */
        {{"\xf4\x90\x80\x80", 4}, BAD BAD BAD BAD}, /* above U+10FFFF */
        {{"\xe2\x82", 2}, BAD},                     /* cut short */
        {{"\xf0\x9f\x98"
          "a",
          4},
         BAD "a"},
        {{"\xc3\"", 2}, BAD "\\\""},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf b = marked();

        encode_json(&b, rows[i].in);
        assert_and_free(&b, slice_str(rows[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent),
        cmocka_unit_test(test_percent_keeps_only),
        cmocka_unit_test(test_unpercent),
        cmocka_unit_test(test_unpercent_stays_inside),
        cmocka_unit_test(test_percent_round_trip),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_round_trip),
        cmocka_unit_test(test_unbase64_refuses),
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
