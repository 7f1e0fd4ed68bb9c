#include "fixture.h"

#include "config/config_error.h"

static void test_format(void **state)
{
    static const struct {
        const char *file;
        unsigned line;
        const char *hint;
        const char *nginx, *compiler;
    } cases[] = {
        {"a.conf", 3, NULL, "bad x in a.conf:3", "a.conf:3: bad x"},
        {"a.conf", 3, "try y", "bad x in a.conf:3; try y", "a.conf:3: bad x; try y"},
        {CONFIG_COMMAND_LINE, 0, NULL, "bad x in command line", "command line: bad x"},
        {NULL, 0, NULL, "bad x", "bad x"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config_error e;
        struct buf out = BUF_EMPTY;

        assert_false(config_error_set(&e, cases[i].file, cases[i].line, "bad %s", "x"));
        if (cases[i].hint)
            assert_false(config_error_hint(&e, "%s", cases[i].hint));
        config_error_format(&e, CONFIG_ERROR_NGINX, &out);
        assert_string_equal(buf_cstr(&out), cases[i].nginx);
        buf_free(&out);
        config_error_format(&e, CONFIG_ERROR_COMPILER, &out);
        assert_string_equal(buf_cstr(&out), cases[i].compiler);
        buf_free(&out);
    }
}

static void test_long_text_is_cut(void **state)
{
    struct config_error e;
    char text[4096];

    UNUSED(state);
    memset(text, 'm', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    config_error_set(&e, text, 1, "%s", text);
    config_error_hint(&e, "%s", text);
    assert_int_equal(strlen(e.file), sizeof(e.file) - 1);
    assert_int_equal(strlen(e.message), sizeof(e.message) - 1);
    assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
}

static void test_set_clears_hint(void **state)
{
    struct config_error e;

    UNUSED(state);
    config_error_set(&e, "f", 1, "one");
    config_error_hint(&e, "hint");
    config_error_set(&e, "f", 1, "two");
    assert_string_equal(e.hint, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_set_clears_hint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
