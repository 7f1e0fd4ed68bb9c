/* Names and wildcards. */
#include "app/name_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_find(void **state)
{
    static const char *const names[] = {"example.org", "*.example.org", "*.a.example.org",
                                        ".both.net",   "www.*",         "www.deep.*",
                                        "*.x",         "Case.org"};
    static const struct {
        const char *name, *found;
    } cases[] = {
        {"example.org", "example.org"},
        {"b.example.org", "*.example.org"},
        {"c.b.example.org", "*.example.org"},
        {"b.a.example.org", "*.a.example.org"},
        {".example.org", NULL},
        {"xexample.org", NULL},
        {"both.net", ".both.net"},
        {"a.both.net", ".both.net"},
        {"www.anything", "www.*"},
        {"www.deep.site", "www.deep.*"},
        {"www.", NULL},
        {"www", NULL},
        {"case.ORG", "Case.org"},
        {"a.x", "*.x"},
        {"www.x", "*.x"},
        {"", NULL},
        {".", NULL},
    };
    struct name_table t;
    struct pool pool;

    (void)state;
    pool_init(&pool, NULL, 0);
    name_table_init(&t, &pool, true);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_true(name_table_add(&t, slice_str(names[i]), (void *)(uintptr_t)names[i]));
    assert_false(name_table_add(&t, SLICE("EXAMPLE.org"), (void *)(uintptr_t) "other"));
    for (size_t i = 1; i < ARRAY_LEN(cases); i++) {
        const char *found = name_table_find(&t, slice_str(cases[i].name));

        if (found != cases[i].found &&
            !(found && cases[i].found && strcmp(found, cases[i].found) == 0))
            fail_msg("\"%s\" is %s", cases[i].name, found ? found : "nothing");
    }
    pool_reset(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
