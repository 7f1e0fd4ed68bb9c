/* Weights of Accept-Encoding. */
#include "proto/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_weights(void **state)
{
    static const struct {
        const char *value;
        int gzip;
    } rows[] = {
        {"gzip", 1000},
        {"GZip", 1000},
        {"br, gzip", 1000},
        {"", 0},
        {"br", 0},
        {"gzip2", 0},
        {"*", 1000},
        {"*;q=0.3", 300},
        {"gzip;q=0.5, *;q=0", 500},
        {"*;q=0.7,gzip;q=0", 0},
        {"gzip;q=0", 0},
        {"gzip;q=0.000", 0},
        {"gzip;q=0.001", 1},
        {"gzip ; q=1.000", 1000},
        {"gzip;Q=0.25", 250},
        {"gzip;x=1;q=0.1", 100},
        {"gzip;q=1.001", 0},
        {"gzip;q=2", 0},
        {"gzip;q=.5", 0},
        {"gzip;q=0.1234", 0},
        {"gzip;q=", 0},
        {"gzip;q", 0},
        {"gzip;q=-1", 0},
        {" ,, gzip;q=0.9 ,", 900},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int got = accept_weight(slice_str(rows[i].value), SLICE("gzip"));

        if (got != rows[i].gzip)
            fail_msg("%s: %d", rows[i].value, got);
    }
}

static void test_fields(void **state)
{
    struct header_list l = {NULL, 0, 0};
    struct pool pool;

    (void)state;
    pool_init(&pool, NULL, 0);
    assert_int_equal(accept_encoding_weight(&l, SLICE("gzip")), 0);
    header_add(&l, &pool, SLICE("accept-encoding"), SLICE("br;q=0.5"));
    header_add(&l, &pool, SLICE("Accept"), SLICE("gzip"));
    header_add(&l, &pool, SLICE("Accept-Encoding"), SLICE("zstd, *;q=0.1"));
    assert_int_equal(accept_encoding_weight(&l, SLICE("br")), 500);
    assert_int_equal(accept_encoding_weight(&l, SLICE("zstd")), 1000);
    assert_int_equal(accept_encoding_weight(&l, SLICE("gzip")), 100);
    pool_reset(&pool);
}

static void test_identity(void **state)
{
    static const struct {
        const char *value;
        int gzip;
    } rows[] = {
        {"gzip", 1000},
        {"gzip, identity", 1000},
        {"identity, gzip;q=0.5", 0},
        {"identity;q=0.5, gzip;q=0.5", 500},
        {"identity;q=0.6, *;q=0.5", 0},
        {"identity;q=0, gzip;q=0.1", 100},
        {"identity", 0},
        {"*", 1000},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct header_list l = {NULL, 0, 0};
        struct pool pool;

        pool_init(&pool, NULL, 0);
        header_add(&l, &pool, SLICE("Accept-Encoding"), slice_str(rows[i].value));
        if (accept_encoding_wish(&l, SLICE("gzip")) != rows[i].gzip)
            fail_msg("%s: %d", rows[i].value, accept_encoding_wish(&l, SLICE("gzip")));
        pool_reset(&pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
