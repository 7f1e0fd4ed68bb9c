#include "fixture.h"

#include "config/config_arg.h"

static const char *const words[] = {"all", "any", NULL};

static bool get(const struct config_node *n, size_t index, const char *kind, int64_t *out,
                struct config_error *e)
{
    bool flag = false, ok;
    int choice = 0;

    if (strcmp(kind, "int") == 0)
        return config_arg_int(n, index, out, e);
    if (strcmp(kind, "size") == 0)
        return config_arg_size(n, index, out, e);
    if (strcmp(kind, "time") == 0)
        return config_arg_time(n, index, out, e);
    if (strcmp(kind, "flag") == 0) {
        ok = config_arg_flag(n, index, &flag, e);
        *out = flag;
        return ok;
    }
    ok = config_arg_enum(n, index, words, &choice, e);
    *out = choice;
    return ok;
}

static void test_values(void **state)
{
    static const struct {
        const char *kind, *text;
        int64_t value; /* -1: refused */
        const char *message;
    } cases[] = {
        {"int", "12", 12, NULL},
        {"int", "0", 0, NULL},
        {"int", "-1", -1, "\"d\" directive invalid number"},
        {"int", "1k", -1, "\"d\" directive invalid number"},
        {"int", "''", -1, "\"d\" directive invalid number"},
        {"size", "8k", 8192, NULL},
        {"size", "1M", 1048576, NULL},
        {"size", "k", -1, "\"d\" directive invalid value"},
        {"time", "60", 60000, NULL},
        {"time", "500ms", 500, NULL},
        {"time", "1m30s", 90000, NULL},
        {"time", "1x", -1, "\"d\" directive invalid value"},
        {"flag", "on", 1, NULL},
        {"flag", "off", 0, NULL},
        {"flag", "1", -1, "invalid value \"1\" in \"d\" directive, it must be \"on\" or \"off\""},
        {"enum", "all", 0, NULL},
        {"enum", "any", 1, NULL},
        {"enum", "ANY", -1, "invalid value \"ANY\""},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text = BUF_EMPTY;
        struct config_tree tree;
        struct config_error e;
        int64_t value = -1;
        bool ok;

        buf_printf(&text, "d first %s;", cases[i].text);
        load(&tree, buf_cstr(&text), NULL);
        ok = get(tree.root.children, 1, cases[i].kind, &value, &e);
        if (ok != (cases[i].value >= 0) || (ok && value != cases[i].value))
            fail_msg("%s of %s: %lld", cases[i].kind, cases[i].text, (long long)value);
        if (!ok)
            assert_string_equal(e.message, cases[i].message);
        config_free(&tree);
        buf_free(&text);
    }
}

static void test_missing(void **state)
{
    static const char *const kinds[] = {"int", "size", "time", "flag", "enum"};
    struct config_tree tree;
    struct config_error e;
    int64_t value;

    UNUSED(state);
    load(&tree, "\nd 1;", NULL);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        assert_false(get(tree.root.children, 1, kinds[i], &value, &e));
        assert_string_equal(e.message, "invalid number of arguments in \"d\" directive");
        assert_int_equal(e.line, 2);
    }
    config_free(&tree);
}

static void test_refused_word(void **state)
{
    struct config_tree tree;
    struct config_error e;

    UNUSED(state);
    load(&tree, "\nd on no=1x;", NULL);
    assert_false(config_arg_refuse(tree.root.children, tree.root.children->args[1], &e));
    assert_string_equal(e.message, "invalid parameter \"no=1x\"");
    assert_int_equal(e.line, 2);
    assert_false(config_arg_refuse(tree.root.children, slice_of("no=1x", 4), &e));
    assert_string_equal(e.message, "invalid parameter \"no=1\"");
    config_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused_word),
        cmocka_unit_test(test_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
