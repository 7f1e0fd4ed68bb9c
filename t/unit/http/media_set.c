/* Types of a set. */
#include "http/media_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_has(void **state)
{
    struct map names;
    struct media_set none = {.names = NULL}, some = {.names = &names}, all = {.has_all = true};

    (void)state;
    map_init(&names, true);
    map_set(&names, SLICE("text/css"), &names);
    assert_true(media_set_has(&none, SLICE("text/html")));
    assert_true(media_set_has(&none, SLICE("Text/HTML ; charset=x")));
    assert_false(media_set_has(&none, SLICE("text/css")));
    assert_true(media_set_has(&some, SLICE("TEXT/css;a=b")));
    assert_false(media_set_has(&some, SLICE("text/cs")));
    assert_false(media_set_has(&some, SLICE_EMPTY));
    assert_true(media_set_has(&all, SLICE_EMPTY));
    map_deinit(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
