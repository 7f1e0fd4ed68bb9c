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

static void another_program_gets_what_there_was(void **state)
{
    char **entries = environment_with("OLD=handed");
    unsigned olds = 0, kept = 0;

    (void)state;
    assert_string_equal(environment_at_start("KEPT_NOT"), "1");
    assert_null(environment_at_start("KEPT_N"));
    for (; *entries; entries++) {
        olds += strncmp(*entries, "OLD=", 4) == 0;
        kept += strcmp(*entries, "KEPT_NOT=1") == 0 || strcmp(*entries, "OLD=handed") == 0;
    }
    assert_int_equal(olds, 1);
    assert_int_equal(kept, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(only_what_is_named_stays, restore_output),
        cmocka_unit_test_teardown(the_next_configuration_chooses_anew, restore_output),
        cmocka_unit_test_teardown(another_program_gets_what_there_was, restore_output),
    };

    output = getenv("CMOCKA_MESSAGE_OUTPUT");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
