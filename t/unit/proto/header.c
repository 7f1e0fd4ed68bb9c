/* Known names, lists and the grammar checks of header fields. */
#include "proto/header.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    enum header_id id;
    const char *name;
} known[] = {
#define X(id, name) {HEADER_##id, name},
    HEADER_KNOWN(X)
#undef X
};

static void test_ids(void **state)
{
    char text[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        size_t n = strlen(known[i].name);
        assert_int_equal(header_id(slice_str(known[i].name)), known[i].id);
        assert_true(slice_eq(header_name(known[i].id), slice_str(known[i].name)));
        for (int is_upper = 0; is_upper < 2; is_upper++) {
            for (size_t at = 0; at < n; at++)
                text[at] =
                    (char)(is_upper ? toupper(known[i].name[at]) : tolower(known[i].name[at]));
            assert_int_equal(header_id(slice_of(text, n)), known[i].id);
        }
        assert_int_equal(header_id(slice_of(known[i].name, n - 1)), HEADER_OTHER);
    }
    assert_int_equal(header_name(HEADER_OTHER).n, 0);
}

/* No other byte at any place passes for the right one. */
static void test_ids_are_exact(void **state)
{
    char text[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        size_t n = strlen(known[i].name);
        memcpy(text, known[i].name, n);
        for (size_t at = 0; at < n; at++) {
            for (int c = 0; c < 256; c++) {
                bool is_same = (c < 128 ? tolower(c) : c) == tolower(known[i].name[at]);
                text[at] = (char)c;
                if ((header_id(slice_of(text, n)) == known[i].id) != is_same)
                    fail_msg("%s: byte %d at %zu", known[i].name, c, at);
            }
            text[at] = known[i].name[at];
        }
    }
    assert_int_equal(header_id(SLICE_EMPTY), HEADER_OTHER);
    assert_int_equal(header_id(SLICE("x")), HEADER_OTHER);
    assert_int_equal(header_id(SLICE("content-security-policy-report-only")), HEADER_OTHER);
}

static void test_list(void **state)
{
    struct header_list l = {NULL, 0, 0};
    struct pool pool;

    (void)state;
    pool_init(&pool, NULL, 0);
    header_add(&l, &pool, SLICE("x-a"), SLICE("1"));
    header_add(&l, &pool, SLICE("set-cookie"), SLICE("2"));
    header_add_id(&l, &pool, HEADER_SET_COOKIE, SLICE("3"));
    header_add(&l, &pool, SLICE("X-A"), SLICE("4"));
    header_add(&l, &pool, SLICE("X-B"), SLICE("5"));
    assert_int_equal(l.n, 5);
    assert_true(slice_eq(header_find(&l, SLICE("X-a"))->value, SLICE("1")));
    assert_true(slice_eq(header_find(&l, SLICE("Set-Cookie"))->name, SLICE("set-cookie")));
    assert_true(slice_eq(header_find_id(&l, HEADER_SET_COOKIE)->value, SLICE("2")));
    assert_true(slice_eq(header_value(&l, HEADER_SET_COOKIE), SLICE("2")));
    assert_int_equal(header_value(&l, HEADER_DATE).n, 0);
    assert_null(header_find(&l, SLICE("X-C")));
    assert_null(header_find_id(&l, HEADER_DATE));

    header_set(&l, &pool, SLICE("x-A"), SLICE("6"));
    assert_int_equal(l.n, 4);
    assert_true(slice_eq(l.fields[0].value, SLICE("6")));
    header_set_id(&l, &pool, HEADER_SET_COOKIE, SLICE("7"));
    assert_int_equal(l.n, 3);
    assert_true(slice_eq(l.fields[1].name, SLICE("Set-Cookie")));
    header_set(&l, &pool, SLICE("Date"), SLICE("8"));
    assert_int_equal(l.fields[3].id, HEADER_DATE);
    assert_int_equal(header_remove_id(&l, HEADER_DATE), 1);
    assert_int_equal(header_remove_id(&l, HEADER_DATE), 0);
    assert_int_equal(header_remove(&l, SLICE("X-B")), 1);
    assert_int_equal(header_remove(&l, SLICE("set-COOKIE")), 1);
    assert_int_equal(l.n, 1);
    pool_reset(&pool);
}

/* A list that begins in someone else's array moves to the pool when it grows. */
static void test_growth(void **state)
{
    struct header own[2];
    struct header_list l = {own, 0, 2};
    struct pool pool;

    (void)state;
    pool_init(&pool, NULL, 0);
    for (int i = 0; i < 100; i++)
        header_add(&l, &pool, SLICE("Vary"), slice_of(&"0123456789"[i % 10], 1));
    assert_int_equal(l.n, 100);
    assert_true(l.fields != own);
    for (int i = 0; i < 100; i++)
        assert_int_equal(l.fields[i].value.p[0], '0' + i % 10);
    assert_int_equal(header_remove_id(&l, HEADER_VARY), 100);
    pool_reset(&pool);
}

static void test_grammar(void **state)
{
    (void)state;
    assert_true(header_is_name(SLICE("X-a_b!#$%&'*+.^`|~9")));
    assert_false(header_is_name(SLICE("")));
    assert_false(header_is_name(SLICE("a b")));
    assert_false(header_is_name(SLICE("a:")));
    assert_false(header_is_name(SLICE("a\xc3")));
    assert_true(header_is_value(SLICE("")));
    assert_true(header_is_value(SLICE("a\tb \x80\xff")));
    assert_false(header_is_value(SLICE("a\rb")));
    assert_false(header_is_value(SLICE("a\nb")));
    assert_false(header_is_value(SLICE("a\0b")));
    assert_false(header_is_value(SLICE("\x7f")));
}

static void test_check(void **state)
{
    const struct {
        struct header h;
        bool ok;
    } cases[] = {
        {{SLICE("Vary"), SLICE("a"), HEADER_VARY, false}, true},
        {{SLICE("Vary"), SLICE("a\n"), HEADER_VARY, false}, false},
        {{SLICE("X-Own"), SLICE("a"), HEADER_OTHER, false}, true},
        {{SLICE("X Own"), SLICE("a"), HEADER_OTHER, false}, false},
        {{SLICE("X-Own"), SLICE("\r"), HEADER_OTHER, false}, false},
        {{SLICE("not looked at"), SLICE("a"), HEADER_OTHER, true}, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(header_check(&cases[i].h), cases[i].ok);
}

static void test_tokens(void **state)
{
    (void)state;
    assert_true(header_has_token(SLICE("close"), SLICE("close")));
    assert_true(header_has_token(SLICE("a, \tCLOSE ,b"), SLICE("close")));
    assert_true(header_has_token(SLICE(",,close"), SLICE("close")));
    assert_false(header_has_token(SLICE("closed, xclose, clo se"), SLICE("close")));
    assert_false(header_has_token(SLICE(""), SLICE("close")));
    assert_false(header_has_token(slice_of(NULL, 0), SLICE("close")));
}

static void test_is_of_connection(void **state)
{
    struct header_list l = {0};
    struct pool pool;

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    header_add(&l, &pool, SLICE("Connection"), SLICE("close, X-One"));
    header_add(&l, &pool, SLICE("X-One"), SLICE("X-Three"));
    header_add(&l, &pool, SLICE("connection"), SLICE("x-two"));
    assert_true(header_is_of_connection(&l, SLICE("x-one")));
    assert_true(header_is_of_connection(&l, SLICE("X-Two")));
    assert_false(header_is_of_connection(&l, SLICE("X-Three")));
    pool_reset(&pool);
}

static void test_trailers(void **state)
{
    (void)state;
    assert_false(header_can_trail(HEADER_CONTENT_LENGTH, SLICE("Content_Length")));
    assert_false(header_can_trail(HEADER_TRANSFER_ENCODING, SLICE("Transfer_Encoding")));
    assert_false(header_can_trail(HEADER_HOST, SLICE("Host")));
    assert_false(header_can_trail(HEADER_CONTENT_TYPE, SLICE("Content_Type")));
    assert_true(header_can_trail(HEADER_OTHER, SLICE("X-Sum")));
    assert_true(header_can_trail(HEADER_SERVER, SLICE("Server")));
    assert_false(header_can_trail(HEADER_OTHER, SLICE("max-forwards")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_ids_are_exact),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_trailers),
        cmocka_unit_test(test_is_of_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
