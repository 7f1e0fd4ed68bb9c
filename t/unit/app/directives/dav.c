/* dav_*: read, inherited, refused. */
#include "../loaded.h"

#include "app/files/dav.h"
#include "proto/method.h"

static void test_read(void **state)
{
    struct app_conf *conf = loaded(
        IN_SERVER("dav_methods PUT delete; dav_access group:rw all:r; min_delete_depth 3; "
                  "location / { } location /o { dav_methods off; create_full_put_path on; }"));
    const struct location *first = loaded_location(conf, 0), *second = loaded_location(conf, 1);

    UNUSED(state);
    assert_int_equal(first->dav->methods, UINT64_C(1) << METHOD_PUT | UINT64_C(1) << METHOD_DELETE);
    assert_int_equal(first->dav->file_mode, 0664);
    assert_int_equal(first->dav->least_depth, 3);
    assert_false(first->dav->creates_full_path);
    assert_ptr_equal(first->default_content, dav_step_content);
    assert_int_equal(second->dav->methods, 0);
    assert_int_equal(second->dav->least_depth, 3);
    assert_true(second->dav->creates_full_path);
    assert_ptr_not_equal(second->default_content, dav_step_content);
    conf_free(&conf);
}

static void test_refused(void **state)
{
    static const struct loaded_case cases[] = {
        {"dav_methods MOVE COPY MKCOL;", NULL},
        {"dav_methods GET;", "invalid value \"GET\" in code:1"},
        {"dav_methods PUT off;", "invalid value \"off\" in code:1"},
        {"dav_access user:x;", "invalid value \"user:x\" in code:1"},
        {"dav_access others:r;", "invalid value \"others:r\" in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
    };

    return LOADED_MAIN(tests);
}
