/* Opening under each policy for links. */
#include "app/files/static_open.h"

#include <errno.h>

#include "../captured.h"

static struct captured t;

static const struct {
    const char *name;
    int follow, deny, same_owner;
} cases[] = {
    {"file", 0, 0, 0},
    {"dir/inner", 0, 0, 0},
    {"dir//./inner", 0, 0, 0},
    {"link", 0, ELOOP, 0},
    {"dirlink/inner", 0, ELOOP, 0},
    {"foreign", 0, ELOOP, ELOOP},
    {"foreigndir/inner", 0, ELOOP, ELOOP},
    {"dangling", ENOENT, ELOOP, ENOENT},
    {"missing", ENOENT, ENOENT, ENOENT},
    {"file/x", ENOTDIR, ENOTDIR, ENOTDIR},
    {"file/", ENOTDIR, ENOTDIR, ENOTDIR},
    {"dir/", 0, 0, 0},
};

static void make_files(void)
{
    captured_file(&t, "file", SLICE("x"), 0);
    assert_int_equal(mkdir(captured_path(&t, "dir"), 0755), 0);
    captured_file(&t, "dir/inner", SLICE("x"), 0);
    assert_int_equal(symlink("file", captured_path(&t, "link")), 0);
    assert_int_equal(symlink("dir", captured_path(&t, "dirlink")), 0);
    assert_int_equal(symlink("file", captured_path(&t, "foreign")), 0);
    assert_int_equal(symlink("dir", captured_path(&t, "foreigndir")), 0);
    assert_int_equal(symlink("nothing", captured_path(&t, "dangling")), 0);
}

static void check(const char *name, enum symlink_policy policy, int expected)
{
    int fd, why = static_open(captured_path(&t, name), (struct symlink_check){policy, 0}, O_RDONLY,
                              &fd);

    if (why != expected)
        fail_msg("%s with policy %d: %s", name, (int)policy, strerror(why));
    if (!why) {
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
    }
}

static void test_policies(void **state)
{
    bool can_chown;

    UNUSED(state);
    captured_init(&t);
    make_files();
    can_chown = lchown(captured_path(&t, "foreign"), 12345, (gid_t)-1) == 0 &&
                lchown(captured_path(&t, "foreigndir"), 12345, (gid_t)-1) == 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        check(cases[i].name, SYMLINKS_FOLLOW, cases[i].follow);
        check(cases[i].name, SYMLINKS_DENY, cases[i].deny);
        if (can_chown || strncmp(cases[i].name, "foreign", 7) != 0)
            check(cases[i].name, SYMLINKS_SAME_OWNER, cases[i].same_owner);
    }
    captured_end(&t);
}

static void test_limits(void **state)
{
    char longer[400];
    int fd;

    UNUSED(state);
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(static_open(longer, (struct symlink_check){SYMLINKS_DENY, 0}, O_RDONLY, &fd),
                     ENAMETOOLONG);
    assert_int_equal(static_open(longer, (struct symlink_check){SYMLINKS_FOLLOW, 0}, O_RDONLY, &fd),
                     ENAMETOOLONG);
    assert_int_equal(static_open("/", (struct symlink_check){SYMLINKS_DENY, 0}, O_RDONLY, &fd), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
