/* The check value of the algorithm's catalogue, and sums in steps. */
#include "base/crc32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void sums(void **state)
{
    (void)state;
    assert_int_equal(crc32_add(0, SLICE("123456789")), 0xcbf43926);
    assert_int_equal(crc32_add(0, SLICE_EMPTY), 0);
    assert_int_equal(crc32_add(crc32_add(0, SLICE("1234")), SLICE("56789")), 0xcbf43926);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
