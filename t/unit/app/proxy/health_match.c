/* Conditions of `match` blocks: which are read, and what they say of answers. */
#include "app/proxy/health_match.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct pool pool;

/* Words separated by blanks; the first is the name. */
static bool add(struct health_match *m, const char *line, bool is_stream)
{
    struct slice words[8], rest = slice_str(line), why;
    size_t n = 0;

    while (rest.n && n < ARRAY_LEN(words))
        words[n++] = slice_cut(&rest, ' ');
    return (is_stream ? health_match_add_stream : health_match_add_http)(&pool, m, words[0],
                                                                         words + 1, n - 1, &why);
}

static const char *look(const char *line, int status, const char *name, const char *value,
                        const char *body)
{
    struct header_list l = {.n = 0};
    struct health_answer a = {status, &l, slice_str(body)};
    struct health_match m = {.rules = NULL};

    assert_true(add(&m, line, false));
    header_add(&l, &pool, slice_str(name), slice_str(value));
    return health_match_http(&m, &a);
}

static void test_conditions(void **state)
{
    static const struct {
        const char *line;
        int status;
        const char *name, *value, *body, *want;
    } rows[] = {
        {"status 200", 200, "A", "b", "", NULL},
        {"status 200", 201, "A", "b", "", "status code"},
        {"status 201-204 500", 204, "A", "b", "", NULL},
        {"status 201-204 500", 500, "A", "b", "", NULL},
        {"status 201-204 500", 205, "A", "b", "", "status code"},
        {"status ! 500-599", 200, "A", "b", "", NULL},
        {"status ! 500-599", 503, "A", "b", "", "status code"},
        {"header a", 200, "A", "b", "", NULL},
        {"header c", 200, "A", "b", "", "header"},
        {"header ! c", 200, "A", "b", "", NULL},
        {"header ! a", 200, "A", "b", "", "header"},
        {"header a = b", 200, "A", "b", "", NULL},
        {"header a = B", 200, "A", "b", "", "header"},
        {"header a != b", 200, "A", "b", "", "header"},
        {"header c != b", 200, "A", "b", "", NULL},
        {"header a ~ ^[ab]$", 200, "A", "b", "", NULL},
        {"header a !~ ^[ab]$", 200, "A", "b", "", "header"},
        {"body ~ w.rd", 200, "A", "b", "one word", NULL},
        {"body !~ w.rd", 200, "A", "b", "one word", "body"},
        {"body ~ ^word", 200, "A", "b", "one word", "body"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *got =
            look(rows[i].line, rows[i].status, rows[i].name, rows[i].value, rows[i].body);

        if (rows[i].want ? !got || strcmp(got, rows[i].want) != 0 : got != NULL)
            fail_msg("%s: %s", rows[i].line, got ? got : "holds");
    }
}

static void test_all_must_hold(void **state)
{
    struct header_list none = {.n = 0};
    struct health_answer a = {200, &none, SLICE("body")};
    struct health_match m = {.rules = NULL};

    UNUSED(state);
    assert_null(health_match_http(NULL, &a));
    a.status = 400;
    assert_string_equal(health_match_http(NULL, &a), "status code");
    a.status = 200;
    assert_true(add(&m, "status 200", false));
    assert_false(m.needs_body);
    assert_true(add(&m, "body ~ body", false));
    assert_true(m.needs_body);
    assert_null(health_match_http(&m, &a));
    assert_true(add(&m, "header X", false));
    assert_string_equal(health_match_http(&m, &a), "header");
}

static void test_what_is_refused(void **state)
{
    static const char *const http[] = {
        "status",       "status !",   "status 20x",       "status 300-200", "status 1000",
        "header",       "header a b", "header a ~",       "header a = b c", "header a b c",
        "header (",     "body",       "body word",        "body = word",    "body ~ (",
        "header a ~ (", "require $x", "header a !! word", "send x",
    };
    static const char *const stream[] = {"send",       "send a b",   "expect",
                                         "expect = a", "expect ~ (", "status 200"};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(http); i++) {
        struct health_match m = {.rules = NULL};

        if (add(&m, http[i], false))
            fail_msg("taken: %s", http[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(stream); i++) {
        struct health_match m = {.rules = NULL};

        if (add(&m, stream[i], true))
            fail_msg("taken: %s", stream[i]);
    }
}

static void test_stream(void **state)
{
    struct health_match m = {.rules = NULL};

    UNUSED(state);
    assert_true(health_match_stream(&m, SLICE("anything")));
    assert_true(add(&m, "send a\\x0d\\x0Ab\\x\\xg0\\", true));
    assert_true(slice_eq(m.send, SLICE("a\r\nb\\x\\xg0\\")));
    assert_true(add(&m, "expect \\x00ok", true));
    assert_true(health_match_stream(&m, slice_of("so \0ok!", 7)));
    assert_false(health_match_stream(&m, SLICE("ok")));
    assert_true(add(&m, "expect ~ ^[0-9]+$", true));
    assert_true(health_match_stream(&m, SLICE("42")));
    assert_false(health_match_stream(&m, SLICE("x42")));
}

static void test_find(void **state)
{
    struct health_match b = {.name = SLICE("m"), .is_stream = true}, a = {.name = SLICE("m")};

    UNUSED(state);
    a.next = &b;
    assert_ptr_equal(health_match_find(&a, SLICE("m"), false), &a);
    assert_ptr_equal(health_match_find(&a, SLICE("m"), true), &b);
    assert_null(health_match_find(&a, SLICE("n"), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_all_must_hold),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_find),
    };
    int status;

    pool_init(&pool, NULL, 0);
    status = cmocka_run_group_tests(tests, NULL, NULL);
    pool_reset(&pool);
    return status;
}
