/* CHECK and panic: message, backtrace, hook, death. */
#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "aborts.h"

static void break_check(void)
{
    CHECK(1 + 1 == 3);
}

static void panic_plainly(void)
{
    PANIC("number %d", 42);
}

static void report(const char *text)
{
    const char *first = strstr(text, "number 42") ? "hook saw it;" : "hook saw something else;";
    ssize_t done = write(STDERR_FILENO, first, strlen(first));

    UNUSED(done);
}

static void panic_with_hook(void)
{
    check_set_panic_hook(report);
    panic_plainly();
}

static void panic_again(const char *text)
{
    PANIC("in the hook: %s", text);
}

static void panic_in_hook(void)
{
    check_set_panic_hook(panic_again);
    panic_plainly();
}

static void panic_at_length(void)
{
    static char text[20000];

    memset(text, 'x', sizeof(text) - 1);
    PANIC("%s", text);
}

static void test_true_check_goes_on(void **state)
{
    UNUSED(state);
    CHECK(1 + 1 == 2);
}

static void test_false_check_stops(void **state)
{
    char text[16384];

    UNUSED(state);
    assert_true(aborts_with(break_check, text, sizeof(text)));
    assert_non_null(strstr(text, "check.c:"));
    assert_non_null(strstr(text, "check failed: 1 + 1 == 3"));
    assert_non_null(strstr(text, "\n  #0 "));
}

static void test_hook_gets_the_text(void **state)
{
    char text[16384];

    UNUSED(state);
    assert_true(aborts_with(panic_with_hook, text, sizeof(text)));
    assert_non_null(strstr(text, "hook saw it;"));
    assert_non_null(strstr(text, "number 42"));
}

static void test_panic_in_hook_still_stops(void **state)
{
    UNUSED(state);
    assert_true(aborts(panic_in_hook));
}

static void test_long_message_is_cut(void **state)
{
    char text[16384];

    UNUSED(state);
    assert_true(aborts_with(panic_at_length, text, sizeof(text)));
    assert_non_null(strstr(text, "xxx\n  #0 "));
    assert_true(strlen(text) <= 8192);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_true_check_goes_on),
        cmocka_unit_test(test_false_check_stops),
        cmocka_unit_test(test_hook_gets_the_text),
        cmocka_unit_test(test_panic_in_hook_still_stops),
        cmocka_unit_test(test_long_message_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
