/* Heads of kept responses: there and back, cut, changed, foreign. */
#include "proto/cache_head.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct buf make(struct buf *fields)
{
    struct buf b = BUF_EMPTY;
    struct cache_head h = {.status = 404,
                           .made = 1000,
                           .valid_until = 2000,
                           .body_size = 5,
                           .age = 7,
                           .stale_updating = 8,
                           .stale_error = 9,
                           .key = SLICE("http://a/"),
                           .vary = SLICE("Accept"),
                           .variant = "0123456789abcde"};

    cache_head_add_field(fields, SLICE("ETag"), SLICE("\"x\""));
    cache_head_add_field(fields, SLICE("X-Empty"), SLICE(""));
    h.fields = buf_slice(fields);
    cache_head_write(&h, &b);
    return b;
}

static void test_round_trip(void **state)
{
    struct buf fields = BUF_EMPTY, b = make(&fields);
    struct cache_head h;
    struct header_list l = {0};
    struct pool pool;
    size_t size;

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    assert_int_equal(cache_head_read(buf_slice(&b), &h, &size), CACHE_HEAD_DONE);
    assert_int_equal(size, b.n);
    assert_int_equal(h.status, 404);
    assert_int_equal(h.made, 1000);
    assert_int_equal(h.valid_until, 2000);
    assert_int_equal(h.body_size, 5);
    assert_int_equal(h.age, 7);
    assert_int_equal(h.stale_updating, 8);
    assert_int_equal(h.stale_error, 9);
    assert_true(slice_eq(h.key, SLICE("http://a/")));
    assert_true(slice_eq(h.vary, SLICE("Accept")));
    assert_memory_equal(h.variant, "0123456789abcde", CACHE_VARIANT);
    assert_true(cache_head_fields(&h, &pool, &l));
    assert_int_equal(l.n, 2);
    assert_int_equal(l.fields[0].id, HEADER_ETAG);
    assert_true(slice_eq(l.fields[0].value, SLICE("\"x\"")));
    assert_int_equal(l.fields[1].value.n, 0);
    pool_reset(&pool);
    buf_free(&b);
    buf_free(&fields);
}

static void test_cut(void **state)
{
    struct buf fields = BUF_EMPTY, b = make(&fields);
    struct cache_head h;
    size_t size;

    UNUSED(state);
    for (size_t n = 0; n < b.n; n++) {
        assert_int_equal(cache_head_read(slice_of(b.p, n), &h, &size), CACHE_HEAD_MORE);
        assert_int_equal(size, n < CACHE_HEAD_FIXED ? CACHE_HEAD_FIXED : b.n);
    }
    buf_free(&b);
    buf_free(&fields);
}

/* Whatever byte changes, it is never taken for what it was. */
static void test_changed(void **state)
{
    struct buf fields = BUF_EMPTY, b = make(&fields);
    struct cache_head h;
    size_t size;

    UNUSED(state);
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] ^= 1;
        assert_int_not_equal(cache_head_read(buf_slice(&b), &h, &size), CACHE_HEAD_DONE);
        b.p[i] ^= 1;
    }
    buf_free(&b);
    buf_free(&fields);
}

static void test_no_fields(void **state)
{
    static const char *const rows[] = {"A\n", ": b\n", "A:b\n", "A B: c\n", "A: b\rC: d\n"};
    struct pool pool;

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cache_head h = {.fields = slice_str(rows[i])};
        struct header_list l = {0};

        assert_false(cache_head_fields(&h, &pool, &l));
    }
    pool_reset(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_no_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
