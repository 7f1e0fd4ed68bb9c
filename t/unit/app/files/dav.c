/* What the fields of WebDAV say. */
#include "app/files/dav.h"

#include "../captured.h"

static void test_depth(void **state)
{
    UNUSED(state);
    assert_int_equal(dav_read_depth((struct slice){NULL, 0}), DAV_DEPTH_INFINITY);
    assert_int_equal(dav_read_depth(SLICE("Infinity")), DAV_DEPTH_INFINITY);
    assert_int_equal(dav_read_depth(SLICE("0")), DAV_DEPTH_0);
    assert_int_equal(dav_read_depth(SLICE("1")), DAV_DEPTH_1);
    assert_int_equal(dav_read_depth(SLICE("")), DAV_DEPTH_BAD);
    assert_int_equal(dav_read_depth(SLICE("01")), DAV_DEPTH_BAD);
}

static void test_destination(void **state)
{
    static const struct {
        const char *value, *path; /* NULL: refused */
    } cases[] = {
        {"/a/b%20c", "/a/b%20c"},
        {"/a?x=1", "/a"},
        {"http://host:80/a#b", "/a"},
        {"https://HOST:80/", "/"},
        {"http://other/a", NULL},
        {"http://host:80", NULL},
        {"http://host:80.evil/a", NULL},
        {"ftp://host:80/a", NULL},
        {"host:80/a", NULL},
        {"a", NULL},
        {"", NULL},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice path;
        bool is_fine = dav_read_destination(slice_str(cases[i].value), SLICE("host:80"), &path);

        assert_int_equal(is_fine, cases[i].path != NULL);
        if (is_fine)
            assert_true(slice_eq(path, slice_str(cases[i].path)));
    }
    assert_false(dav_read_destination((struct slice){NULL, 0}, SLICE("host"), &(struct slice){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_destination),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
