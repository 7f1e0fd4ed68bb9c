/* What each makes of texts. */
#include "app/variables/set_misc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What `name` makes of one value; NULL: nothing. */
static bool gives(const char *name, struct slice in, struct buf *out)
{
    const struct set_misc *m = set_misc_find(slice_str(name));

    assert_non_null(m);
    out->n = 0;
    return m->make(&in, out);
}

static void test_there_and_back(void **state)
{
    static const char *const ways[][2] = {
        {"set_escape_uri", "set_unescape_uri"},
        {"set_encode_hex", "set_decode_hex"},
        {"set_encode_base64", "set_decode_base64"},
        {"set_encode_base32", "set_decode_base32"},
        {"set_encode_base64url", "set_decode_base64url"},
    };
    char bytes[256];
    struct buf there = BUF_EMPTY, back = BUF_EMPTY;

    (void)state;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t w = 0; w < ARRAY_LEN(ways); w++)
        for (size_t n = 0; n <= sizeof(bytes); n++) {
            struct slice in = slice_of(bytes, n);

            assert_true(gives(ways[w][0], in, &there));
            assert_true(gives(ways[w][1], buf_slice(&there), &back));
            if (!slice_eq(buf_slice(&back), in))
                fail_msg("%s and back of %zu bytes", ways[w][0], n);
        }
    buf_free(&there);
    buf_free(&back);
}

static void test_texts(void **state)
{
    static const struct {
        const char *name, *in, *out; /* NULL: it is refused */
    } cases[] = {
        {"set_escape_uri", "aZ09-._~!$'()*,@|`", "aZ09-._~!$'()*,@|`"},
        {"set_escape_uri", " \"#%&+/:;<=>?[\\]^{}",
         "%20%22%23%25%26%2B%2F%3A%3B%3C%3D%3E%3F%5B%5C%5D%5E%7B%7D"},
        {"set_quote_json_str", "", "null"},
        {"set_quote_json_str", "\"\\\b\f\n\r\t\001\177", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\177\""},
        {"set_quote_sql_str", "", "''"},
        {"set_quote_pgsql_str", "", "''"},
        {"set_quote_pgsql_str", "a'b", "E'a\\'b'"},
        {"set_decode_hex", "6", NULL},
        {"set_decode_hex", "6g", NULL},
        {"set_decode_hex", "g6", NULL},
        {"set_decode_base32", "cpnmuog=", "foob"},
        {"set_decode_base32", "w", NULL},
        {"set_decode_base64", "!", NULL},
        {"set_secure_random_alphanum", "65", NULL},
        {"set_secure_random_alphanum", "0", NULL},
        {"set_secure_random_lcalpha", "-1", NULL},
        {"set_formatted_gmt_time", "%%", "%"},
    };
    struct buf out = BUF_EMPTY;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_made = gives(cases[i].name, slice_str(cases[i].in), &out);

        if (is_made != (cases[i].out != NULL))
            fail_msg("%s of \"%s\"", cases[i].name, cases[i].in);
        if (is_made && !slice_eq(buf_slice(&out), slice_str(cases[i].out)))
            fail_msg("%s of \"%s\" is \"" SLICE_FMT "\"", cases[i].name, cases[i].in,
                     SLICE_ARG(buf_slice(&out)));
    }
    buf_free(&out);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *at, *from, *to, *next;
    } cases[] = {
        {"1", "1", "3", "2"}, {"3", "1", "3", "1"}, {"9", "3", "1", "1"},
        {"0", "5", "6", "5"}, {"x", "1", "3", "1"}, {"1", "x", "3", NULL},
    };
    const struct set_misc *rotate = set_misc_find(SLICE("set_rotate")),
                          *random = set_misc_find(SLICE("set_random"));
    struct slice ends[2] = {SLICE("0"), SLICE("9223372036854775807")};
    struct buf out = BUF_EMPTY;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice v[3] = {slice_str(cases[i].at), slice_str(cases[i].from),
                             slice_str(cases[i].to)};

        out.n = 0;
        assert_int_equal(rotate->make(v, &out), cases[i].next != NULL);
        if (cases[i].next)
            assert_true(slice_eq(buf_slice(&out), slice_str(cases[i].next)));
    }
    out.n = 0;
    assert_true(random->make(ends, &out) && out.p[0] != '-');
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
