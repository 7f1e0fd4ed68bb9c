/* Whole files, in a directory of the test's own. */
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/unit-base-file-XXXXXX";

/* A path in the test's directory; four may be in use at once. */
static const char *in_dir(const char *name)
{
    static char paths[4][256];
    static int at;

    at = (at + 1) % 4;
    snprintf(paths[at], sizeof(paths[at]), "%s/%s", dir, name);
    return paths[at];
}

static int set_up(void **state)
{
    UNUSED(state);
    umask(022);
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[64];

    UNUSED(state);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static size_t count_in_dir(const char *pattern)
{
    glob_t found = {.gl_pathc = 0};
    size_t n;

    glob(in_dir(pattern), 0, NULL, &found);
    n = found.gl_pathc;
    globfree(&found);
    return n;
}

static void test_replace_and_read(void **state)
{
    const char *path = in_dir("replaced");
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    assert_null(file_replace(path, SLICE("first and longer"), 0600));
    assert_null(file_replace(path, SLICE("second"), 0640));
    assert_int_equal(mode_of(path), 0640);
    buf_add_lit(&b, "kept ");
    assert_null(file_read(path, 6, &b));
    assert_string_equal(buf_cstr(&b), "kept second");
    assert_int_equal(count_in_dir("replaced*"), 1);
    buf_free(&b);
}

static void test_replace_failures(void **state)
{
    UNUSED(state);
    assert_ptr_equal(file_replace(in_dir("no/where"), SLICE("x"), 0600), &err_not_found);
    assert_int_equal(mkdir(in_dir("taken"), 0755), 0);
    assert_ptr_equal(file_replace(in_dir("taken"), SLICE("x"), 0600), &err_invalid);
    assert_int_equal(count_in_dir("taken*"), 1);
}

static void test_read_limits(void **state)
{
    const char *path = in_dir("large");
    struct buf content = BUF_EMPTY, b = BUF_EMPTY;

    UNUSED(state);
    for (int i = 0; i < 100000; i++)
        buf_add_char(&content, (char)i);
    assert_null(file_replace(path, buf_slice(&content), 0600));
    buf_add_lit(&b, "kept");
    assert_ptr_equal(file_read(path, 99999, &b), &err_too_large);
    assert_string_equal(buf_cstr(&b), "kept");
    assert_ptr_equal(file_read(path, 0, &b), &err_too_large);
    buf_drop(&b, 4);
    assert_null(file_read(path, 100000, &b));
    assert_true(slice_eq(buf_slice(&b), buf_slice(&content)));
    buf_drop(&b, b.n);
    assert_null(file_read(path, SIZE_MAX, &b));
    assert_int_equal(b.n, 100000);
    buf_drop(&b, b.n);
    assert_null(file_read("/dev/null", 0, &b));
    assert_int_equal(b.n, 0);
    assert_ptr_equal(file_read(in_dir("none"), 9, &b), &err_not_found);
    assert_ptr_equal(file_read(dir, 9, &b), &err_invalid);
    buf_free(&content);
    buf_free(&b);
}

enum { THROUGH = 1 << 20 };

static void *read_slowly(void *arg)
{
    static char chunk[65536];
    size_t total = 0;
    ssize_t got;

    usleep(20000);
    while ((got = read(*(int *)arg, chunk, sizeof(chunk))) > 0)
        total += (size_t)got;
    return (void *)total;
}

static void test_write_all_waits(void **state)
{
    static char content[THROUGH];
    pthread_t reader;
    void *total;
    int ends[2];

    UNUSED(state);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    pthread_create(&reader, NULL, read_slowly, &ends[0]);
    assert_null(file_write_all(ends[1], content, sizeof(content)));
    close(ends[1]);
    pthread_join(reader, &total);
    close(ends[0]);
    assert_int_equal((size_t)total, THROUGH);
    assert_ptr_equal(file_write_all(-1, "x", 1), &err_invalid);
    assert_null(file_write_all(-1, NULL, 0));
}

static void test_mkdirs(void **state)
{
    UNUSED(state);
    assert_null(file_mkdirs(in_dir("a//b/c"), 0750));
    assert_int_equal(mode_of(in_dir("a")), 0750);
    assert_int_equal(mode_of(in_dir("a/b/c")), 0750);
    assert_null(file_mkdirs(in_dir("a/b/c"), 0700));
    assert_null(file_mkdirs(in_dir("a/d/"), 0700));
    assert_null(file_mkdirs("/", 0700));
    assert_ptr_equal(file_mkdirs("", 0700), &err_not_found);
    assert_null(file_replace(in_dir("plain"), SLICE(""), 0600));
    assert_ptr_equal(file_mkdirs(in_dir("plain"), 0700), &err_exists);
    assert_ptr_equal(file_mkdirs(in_dir("plain/x"), 0700), &err_exists);
}

static void test_temp(void **state)
{
    struct buf path = BUF_EMPTY;
    struct stat st;
    int named, unnamed;

    UNUSED(state);
    assert_null(file_temp(dir, &path, &named));
    assert_int_equal(mode_of(path.p), 0600);
    assert_int_equal(strlen(path.p), path.n);
    assert_int_equal(fcntl(named, F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(named, "x", 1), 1);
    assert_null(file_temp(dir, NULL, &unnamed));
    assert_int_equal(fstat(unnamed, &st), 0);
    assert_int_equal(st.st_nlink, 0);
    assert_int_equal(count_in_dir("[0-9]*"), 1);
    assert_ptr_equal(file_temp(in_dir("none"), NULL, &unnamed), &err_not_found);
    close(named);
    close(unnamed);
    buf_free(&path);
}

/* The number behind that of the last file is taken by another process. */
static void test_temp_is_taken(void **state)
{
    struct buf path = BUF_EMPTY;
    char taken[16], expected[16];
    unsigned long number;
    int fd;

    UNUSED(state);
    assert_null(file_temp(dir, &path, &fd));
    close(fd);
    number = strtoul(strrchr(path.p, '/') + 1, NULL, 10);
    snprintf(taken, sizeof(taken), "%010u", (uint32_t)(number + 1));
    snprintf(expected, sizeof(expected), "%010u", (uint32_t)(number + 2));
    assert_null(file_replace(in_dir(taken), SLICE(""), 0600));
    path.n = 0;
    assert_null(file_temp(dir, &path, &fd));
    assert_string_equal(strrchr(path.p, '/') + 1, expected);
    close(fd);
    buf_free(&path);
}

static void note_name(void *arg, const char *path)
{
    buf_printf(arg, "%s ", strrchr(path, '/') + 1);
}

static void test_glob(void **state)
{
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    assert_null(file_replace(in_dir("2.conf"), SLICE(""), 0600));
    assert_null(file_replace(in_dir("1.conf"), SLICE(""), 0600));
    assert_null(file_glob(in_dir("*.conf"), note_name, &b));
    assert_string_equal(buf_cstr(&b), "1.conf 2.conf ");
    assert_null(file_glob(in_dir("2.conf"), note_name, &b));
    assert_string_equal(buf_cstr(&b), "1.conf 2.conf 2.conf ");
    assert_null(file_glob(in_dir("*.none"), note_name, &b));
    assert_ptr_equal(file_glob(in_dir("3.conf"), note_name, &b), &err_not_found);
    assert_string_equal(buf_cstr(&b), "1.conf 2.conf 2.conf ");
    buf_free(&b);
}

static void test_same(void **state)
{
    struct stat before, after;

    UNUSED(state);
    assert_null(file_replace(in_dir("same"), SLICE("abc"), 0600));
    assert_int_equal(stat(in_dir("same"), &before), 0);
    assert_int_equal(stat(in_dir("same"), &after), 0);
    assert_true(file_is_same(&before, &after));
    assert_null(file_replace(in_dir("same"), SLICE("xyz"), 0600));
    assert_int_equal(stat(in_dir("same"), &after), 0);
    assert_false(file_is_same(&before, &after));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace_and_read),
        cmocka_unit_test(test_replace_failures),
        cmocka_unit_test(test_read_limits),
        cmocka_unit_test(test_write_all_waits),
        cmocka_unit_test(test_mkdirs),
        cmocka_unit_test(test_temp),
        cmocka_unit_test(test_temp_is_taken),
        cmocka_unit_test(test_glob),
        cmocka_unit_test(test_same),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
