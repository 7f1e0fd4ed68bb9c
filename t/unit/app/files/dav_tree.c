/* Trees removed, copied, moved; links are not followed. */
#include "app/files/dav_tree.h"

#include <errno.h>

#include "../captured.h"

static struct captured t;

static int setup(void **state)
{
    UNUSED(state);
    captured_init(&t);
    captured_file(&t, "kept.txt", SLICE("kept"), 1000000000);
    assert_int_equal(mkdir(captured_path(&t, "tree"), 0750), 0);
    assert_int_equal(mkdir(captured_path(&t, "tree/below"), 0755), 0);
    captured_file(&t, "tree/a", SLICE("1"), 1000000000);
    captured_file(&t, "tree/below/b", SLICE("22"), 1000000000);
    assert_int_equal(symlink("../kept.txt", captured_path(&t, "tree/link")), 0);
    assert_int_equal(symlink("..", captured_path(&t, "tree/up")), 0);
    return 0;
}

static int teardown(void **state)
{
    UNUSED(state);
    captured_end(&t);
    return 0;
}

static char *copy_of(const char *name)
{
    return strdup(captured_path(&t, name));
}

static off_t size_of(const char *name)
{
    struct stat st;

    return lstat(captured_path(&t, name), &st) < 0 ? -1 : st.st_size;
}

static void test_copy(void **state)
{
    char *from = copy_of("tree"), *to = copy_of("copy"), *bare = copy_of("bare");
    struct stat st;

    UNUSED(state);
    assert_int_equal(dav_tree_copy(from, to, true), 0);
    assert_int_equal(size_of("copy/a"), 1);
    assert_int_equal(size_of("copy/below/b"), 2);
    assert_int_equal(size_of("copy/link"), -1);
    assert_int_equal(size_of("copy/up"), -1);
    assert_int_equal(lstat(captured_path(&t, "copy/a"), &st), 0);
    assert_int_equal(st.st_mtim.tv_sec, 1000000000);
    assert_int_equal(dav_tree_copy(from, to, true), EEXIST);
    assert_int_equal(dav_tree_copy(from, bare, false), 0);
    assert_int_equal(size_of("bare/a"), -1);
    assert_int_equal(dav_tree_copy(captured_path(&t, "tree/link"), bare, true), EPERM);
    assert_int_equal(dav_tree_copy(captured_path(&t, "none"), bare, true), ENOENT);
    free(from);
    free(to);
    free(bare);
}

static void test_file(void **state)
{
    char *from = copy_of("tree/below/b"), *to = copy_of("kept.txt"), *moved = copy_of("moved");

    UNUSED(state);
    assert_int_equal(dav_tree_copy(from, to, true), 0);
    assert_int_equal(size_of("kept.txt"), 2);
    assert_int_equal(size_of("tree/below/b"), 2);
    assert_int_equal(dav_tree_move(from, moved), 0);
    assert_int_equal(size_of("moved"), 2);
    assert_int_equal(size_of("tree/below/b"), -1);
    free(from);
    free(to);
    free(moved);
}

static void test_remove(void **state)
{
    UNUSED(state);
    assert_int_equal(dav_tree_remove(captured_path(&t, "tree/up")), 0);
    assert_int_equal(size_of("kept.txt"), 4);
    assert_int_equal(dav_tree_remove(captured_path(&t, "tree")), 0);
    assert_int_equal(size_of("tree"), -1);
    assert_int_equal(size_of("kept.txt"), 4);
    assert_int_equal(dav_tree_remove(captured_path(&t, "tree")), ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
