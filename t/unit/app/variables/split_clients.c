/* Shares of hashes, and nginx's hash. */
#include "app/variables/split_clients.c"

#include "../world.h"

static void test_hash(void **state)
{
    static const struct {
        const char *text;
        uint32_t hash;
    } cases[] = {
        {"", 0},
        {"a", 2456313694u},
        {"ab", 446775395u},
        {"abc", 324500635u},
        {"127.0.0.1", 3054706065u},
        {"hello, world", 1263312256u},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(hash_of(slice_str(cases[i].text)), cases[i].hash);
}

static void test_divide(void **state)
{
    struct split_part parts[] = {{.share = 1}, {.share = 9999}}, more[] = {{0}, {.share = 1}};
    struct split_clients s = {.parts = parts, .n = 2};

    UNUSED(state);
    assert_true(split_clients_divide(&s));
    assert_int_equal(parts[0].below, 429496);
    assert_true(parts[1].below >= UINT32_MAX - 1);
    s.parts = more;
    assert_false(split_clients_divide(&s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_divide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
