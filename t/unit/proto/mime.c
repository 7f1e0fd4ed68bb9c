/* Types by extension. */
#include "proto/mime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_find(void **state)
{
    static struct slice html = {"text/html", 9}, js = {"text/javascript", 15};
    static const struct {
        const char *path, *type;
    } cases[] = {
        {"/a.html", "text/html"},
        {"/a.HTML", "text/html"},
        {"a.min.js", "text/javascript"},
        {"/.js", "text/javascript"},
        {"/a.css", NULL},
        {"/a", NULL},
        {"/a.", NULL},
        {"", NULL},
        {"/a.html/b", NULL},
        {"/html", NULL},
        {"html", NULL},
        {"/a.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxhtml", NULL},
    };
    struct mime_types types;

    (void)state;
    map_init(&types.by_extension, false);
    map_set(&types.by_extension, SLICE("html"), &html);
    map_set(&types.by_extension, SLICE("js"), &js);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice type = mime_find(&types, slice_str(cases[i].path));
        if (!cases[i].type)
            assert_null(type.p);
        else if (!slice_eq(type, slice_str(cases[i].type)))
            fail_msg("%s", cases[i].path);
    }
    map_deinit(&types.by_extension);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
