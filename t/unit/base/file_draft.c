/* Files that get their names when they are whole, in a directory of the test's own. */
#include "base/file_draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"

static char dir[] = "/tmp/unit-base-draft-XXXXXX";

static struct slice in_dir(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return slice_str(path);
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

static void write_text(const struct file_draft *d, struct slice text)
{
    assert_null(file_write_all(d->fd, text.p, text.n));
}

static void assert_content(const char *name, const char *text)
{
    struct buf b = BUF_EMPTY;

    assert_null(file_read(in_dir(name).p, 64, &b));
    assert_string_equal(buf_cstr(&b), text);
    buf_free(&b);
}

static void test_keep(void **state)
{
    struct file_draft one, other;
    struct stat st;

    UNUSED(state);
    assert_null(file_draft_begin(&one, in_dir("a/b/file"), 0750));
    assert_null(file_draft_begin(&other, in_dir("a/b/file"), 0750));
    write_text(&one, SLICE("first"));
    write_text(&other, SLICE("second"));
    assert_int_equal(access(in_dir("a/b/file").p, F_OK), -1);
    assert_null(file_draft_keep(&one));
    assert_int_equal(one.fd, -1);
    assert_content("a/b/file", "first");
    assert_null(file_draft_keep(&other));
    assert_content("a/b/file", "second");
    assert_int_equal(stat(in_dir("a/b/file").p, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(in_dir("a/b").p, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
}

static void test_drop(void **state)
{
    struct file_draft d;
    char temporary[300];

    UNUSED(state);
    assert_null(file_draft_begin(&d, in_dir("dropped"), 0700));
    snprintf(temporary, sizeof(temporary), "%s", d.temporary.p);
    assert_int_equal(access(temporary, F_OK), 0);
    file_draft_drop(&d);
    assert_int_equal(access(temporary, F_OK), -1);
    assert_int_equal(access(in_dir("dropped").p, F_OK), -1);
    file_draft_drop(&d);
}

static void test_failures(void **state)
{
    struct file_draft d;
    char temporary[300];

    UNUSED(state);
    assert_null(file_replace(in_dir("plain").p, SLICE(""), 0600));
    assert_non_null(file_draft_begin(&d, in_dir("plain/file"), 0700));
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(d.fd, -1);
    assert_null(file_mkdirs(in_dir("taken/by").p, 0700));
    assert_null(file_draft_begin(&d, in_dir("taken"), 0700));
    snprintf(temporary, sizeof(temporary), "%s", d.temporary.p);
    assert_non_null(file_draft_keep(&d));
    assert_int_equal(errno, EISDIR);
    assert_int_equal(d.fd, -1);
    assert_int_equal(access(temporary, F_OK), -1);
}

/* What a process of the same number has left does not stand in the way. */
static void test_remains(void **state)
{
    struct file_draft d;
    char name[64];
    int64_t n;

    UNUSED(state);
    assert_null(file_draft_begin(&d, in_dir("remains"), 0700));
    assert_true(num_parse_u63(slice_str(strrchr(d.temporary.p, '.') + 1), &n));
    snprintf(name, sizeof(name), "remains.%d.%lld", (int)getpid(), (long long)n + 1);
    file_draft_drop(&d);
    assert_null(file_replace(in_dir(name).p, SLICE("another's"), 0600));
    assert_null(file_draft_begin(&d, in_dir("remains"), 0700));
    assert_null(file_draft_keep(&d));
    assert_content(name, "another's");
    assert_content("remains", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_remains),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
