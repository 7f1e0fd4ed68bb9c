/* The process title, seen the way ps sees it. */
#include "proc/title.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int count;     /* process-wide: arguments of main */
static char **values; /* process-wide: likewise */

static size_t read_title(char *out, size_t size)
{
    int fd = open("/proc/self/cmdline", O_RDONLY);
    ssize_t n;

    assert_true(fd >= 0);
    n = read(fd, out, size - 1);
    close(fd);
    assert_true(n >= 0);
    out[n] = '\0';
    return (size_t)n;
}

static void nothing_happens_before_init(void **state)
{
    char before[4096], after[4096];

    (void)state;
    read_title(before, sizeof(before));
    title_set("not yet");
    read_title(after, sizeof(after));
    assert_string_equal(before, after);
}

static void title_is_shown_and_the_rest_survives(void **state)
{
    char text[8192];
    char *program = strdup(values[0]);
    char *path = strdup(getenv("PATH") ? getenv("PATH") : "");

    (void)state;
    title_init(count, values);
    title_set("perilune: worker process %d", 7);
    read_title(text, sizeof(text));
    assert_string_equal(text, "perilune: worker process 7");
    title_set("x");
    read_title(text, sizeof(text));
    assert_string_equal(text, "x");
    assert_string_equal(ngx_argv[0], program);
    assert_null(ngx_argv[count]);
    assert_string_equal(title_arguments(), program);
    assert_string_equal(getenv("PATH") ? getenv("PATH") : "", path);
    free(program);
    free(path);
}

static void a_long_title_is_cut(void **state)
{
    static char text[70000], longest[60000];

    (void)state;
    memset(longest, 'y', sizeof(longest) - 1);
    title_set("%s", longest);
    assert_true(read_title(text, sizeof(text)) > 0);
    assert_int_equal(text[0], 'y');
    assert_string_equal(getenv("LAST_WORD"), "still here");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happens_before_init),
        cmocka_unit_test(title_is_shown_and_the_rest_survives),
        cmocka_unit_test(a_long_title_is_cut),
    };

    count = argc;
    values = argv;
    setenv("LAST_WORD", "still here", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
