/* The pid file: written, read back, refused, removed. */
#include "proc/pidfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];   /* process-wide: of this test */
static char path[128]; /* process-wide: in it */

static void fill(const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void own_number_is_written_and_removed(void **state)
{
    struct buf problem = BUF_EMPTY;
    char text[32] = {0}, expected[32];
    pid_t pid = 0;
    FILE *f;

    (void)state;
    fill("a longer text that was there before");
    assert_null(pidfile_write(path));
    f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
    fclose(f);
    snprintf(expected, sizeof(expected), "%d\n", (int)getpid());
    assert_string_equal(text, expected);
    assert_true(pidfile_read(path, &pid, &problem));
    assert_int_equal(pid, getpid());
    pidfile_remove(path);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void what_is_not_ours_stays(void **state)
{
    char link[128];

    (void)state;
    fill("1\n");
    pidfile_remove(path);
    assert_int_equal(access(path, F_OK), 0);
    assert_null(pidfile_write(path));
    snprintf(link, sizeof(link), "%s/link", dir);
    assert_int_equal(symlink(path, link), 0);
    pidfile_remove(link);
    assert_int_equal(access(link, F_OK), 0);
    unlink(link);
    pidfile_remove("/dev/null");
    assert_int_equal(access("/dev/null", F_OK), 0);
    unlink(path);
}

static void nonsense_is_refused_in_nginxs_words(void **state)
{
    static const char *const texts[] = {"",    "\n",      "abc\n",           "-5\n",
                                        "0\n", "12 13\n", "99999999999999\n"};
    struct buf problem = BUF_EMPTY;
    pid_t pid;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        fill(texts[i]);
        problem.n = 0;
        assert_false(pidfile_read(path, &pid, &problem));
        assert_non_null(strstr(buf_cstr(&problem), "invalid PID number \""));
    }
    unlink(path);
    problem.n = 0;
    assert_false(pidfile_read(path, &pid, &problem));
    assert_non_null(strstr(buf_cstr(&problem), "failed (2: No such file or directory)"));
    buf_free(&problem);
    fill("77\r\n");
    assert_true(pidfile_read(path, &pid, &problem));
    assert_int_equal(pid, 77);
    unlink(path);
}

static void a_folder_that_is_missing_is_an_error(void **state)
{
    char missing[160];

    (void)state;
    snprintf(missing, sizeof(missing), "%s/none/pid", dir);
    assert_ptr_equal(pidfile_write(missing), &err_not_found);
}

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/pidfile-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/pid", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_number_is_written_and_removed),
        cmocka_unit_test(what_is_not_ours_stays),
        cmocka_unit_test(nonsense_is_refused_in_nginxs_words),
        cmocka_unit_test(a_folder_that_is_missing_is_an_error),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
