/* What `env` lets through, also after a reload that says otherwise. */
#include "proc/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static char *output; /* the form of the report, which cmocka reads from the environment */

static int restore_output(void **state)
{
    (void)state;
    return output ? setenv("CMOCKA_MESSAGE_OUTPUT", output, 1) : 0;
}

static void only_what_is_named_stays(void **state)
{
    struct slice names[] = {SLICE("KEPT"), SLICE("MADE=a=b"), SLICE("ABSENT"), SLICE("OLD=new")};

    (void)state;
    setenv("KEPT", "1", 1);
    setenv("KEPT_NOT", "1", 1);
    setenv("OLD", "old", 1);
    setenv("TZ", "UTC", 1);
    setenv("LUA_PATH", "/lua/?.lua", 1);
    environment_apply(names, ARRAY_LEN(names));
    assert_string_equal(getenv("KEPT"), "1");
    assert_string_equal(getenv("MADE"), "a=b");
    assert_string_equal(getenv("OLD"), "new");
    assert_string_equal(getenv("TZ"), "UTC");
    assert_string_equal(getenv("LUA_PATH"), "/lua/?.lua");
    assert_null(getenv("KEPT_NOT"));
    assert_null(getenv("ABSENT"));
    assert_null(getenv("PATH"));
}

static void the_next_configuration_chooses_anew(void **state)
{
    struct slice names[] = {SLICE("KEPT_NOT"), SLICE("OLD"), SLICE("TZ=CET")};

    (void)state;
    environment_apply(names, ARRAY_LEN(names));
    assert_string_equal(getenv("KEPT_NOT"), "1");
    assert_string_equal(getenv("OLD"), "old");
    assert_string_equal(getenv("TZ"), "CET");
    assert_null(getenv("KEPT"));
    assert_null(getenv("MADE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(only_what_is_named_stays, restore_output),
        cmocka_unit_test_teardown(the_next_configuration_chooses_anew, restore_output),
    };

    output = getenv("CMOCKA_MESSAGE_OUTPUT");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
