/* The error log: the line, its context, levels, rotation, panics. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "aborts.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

static char path[] = "/tmp/unit-base-log-XXXXXX";
static struct log_sink sink;

static int open_sink(void **state)
{
    UNUSED(state);
    sink = (struct log_sink){.path = mem_strdup(slice_str(path)), .fd = -1, .level = LOG_INFO};
    unlink(path);
    log_set_default(&sink);
    return log_open(&sink) ? -1 : 0;
}

static int close_sink(void **state)
{
    UNUSED(state);
    log_set_default(NULL);
    log_close(&sink);
    unlink(path);
    return 0;
}

/* What the file holds must be the date, the level, the process, then `want`. */
static void assert_line(const char *level, const char *want)
{
    struct buf got = BUF_EMPTY, line = BUF_EMPTY;
    int pid = (int)getpid();

    buf_printf(&line, SLICE_FMT " [%s] %d#%d: %s\n", SLICE_ARG(clock_log_date()), level, pid, pid,
               want);
    assert_null(file_read(path, 1 << 20, &got));
    assert_string_equal(buf_cstr(&got), buf_cstr(&line));
    assert_int_equal(truncate(path, 0), 0);
    buf_free(&got);
    buf_free(&line);
}

static void test_plain_line(void **state)
{
    UNUSED(state);
    log_write(NULL, LOG_ERROR, "number %d", 7);
    assert_line("error", "number 7");
    log_text(NULL, LOG_EMERG, SLICE("100% from Lua"));
    assert_line("emerg", "100% from Lua");
    log_text(NULL, LOG_STDERR, slice_of(NULL, 0));
    assert_line("", "");
}

static void describe_connection(const struct log_ctx *ctx, struct buf *out)
{
    UNUSED(ctx);
    buf_add_lit(out, ", client: 127.0.0.1");
}

static void describe_exchange(const struct log_ctx *ctx, struct buf *out)
{
    UNUSED(ctx);
    buf_add_lit(out, ", request: \"GET / HTTP/1.1\"");
}

static void test_contexts_outermost_first(void **state)
{
    struct log_ctx worker = {.id = 0};
    struct log_ctx connection = {.parent = &worker, .id = 7, .describe = describe_connection};
    struct log_ctx exchange = {.parent = &connection, .describe = describe_exchange};
    struct log_ctx task = {.parent = &exchange, .id = 9};

    UNUSED(state);
    log_write(&worker, LOG_WARN, "m");
    assert_line("warn", "m");
    log_write(&connection, LOG_WARN, "m");
    assert_line("warn", "*7 m, client: 127.0.0.1");
    log_write(&exchange, LOG_WARN, "m");
    assert_line("warn", "*7 m, client: 127.0.0.1, request: \"GET / HTTP/1.1\"");
    log_text(&task, LOG_WARN, SLICE("m"));
    assert_line("warn", "*9 m, client: 127.0.0.1, request: \"GET / HTTP/1.1\"");
}

static void test_levels(void **state)
{
    struct log_sink quiet = {.fd = -1, .level = LOG_CRIT};
    struct log_ctx outer = {.sink = &quiet};
    struct log_ctx inner = {.parent = &outer};

    UNUSED(state);
    assert_true(log_is_on(NULL, LOG_INFO));
    assert_false(log_is_on(NULL, LOG_DEBUG));
    assert_true(log_is_on(&inner, LOG_CRIT));
    assert_false(log_is_on(&inner, LOG_ERROR));
    outer.sink = NULL;
    assert_true(log_is_on(&inner, LOG_INFO));
    inner.sink = &quiet;
    assert_false(log_is_on(&inner, LOG_ERROR));
    log_write(&inner, LOG_ERROR, "dropped");
    log_text(NULL, LOG_DEBUG, SLICE("dropped"));
    log_write(NULL, LOG_INFO, "kept");
    assert_line("info", "kept");
}

static void test_names(void **state)
{
    static const char *const names[] = {"emerg", "alert",  "crit", "error",
                                        "warn",  "notice", "info", "debug"};
    enum log_level level;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_true(log_level_parse(slice_str(names[i]), &level));
        assert_int_equal(level, LOG_EMERG + i);
        assert_string_equal(log_level_name(level), names[i]);
    }
    assert_false(log_level_parse(SLICE("errors"), &level));
    assert_false(log_level_parse(SLICE("Error"), &level));
    assert_false(log_level_parse(SLICE(""), &level));
}

static void test_long_lines_are_cut(void **state)
{
    struct buf got = BUF_EMPTY;
    struct log_ctx ctx = {.describe = describe_connection};
    char *text = mem_alloc(70000);

    UNUSED(state);
    memset(text, 'x', 70000);
    log_write(&ctx, LOG_ERROR, "%.*s", 70000, text);
    assert_null(file_read(path, 1 << 20, &got));
    assert_int_equal(got.n, 4096);
    assert_memory_equal(got.p + 4094, "x\n", 2);
    buf_drop(&got, got.n);
    assert_int_equal(truncate(path, 0), 0);
    log_text(&ctx, LOG_ERROR, slice_of(text, 70000));
    assert_null(file_read(path, 1 << 20, &got));
    assert_true(got.n > 65536 && got.n < 65700);
    assert_true(slice_has_suffix(buf_slice(&got), SLICE("x, client: 127.0.0.1\n")));
    buf_free(&got);
    mem_free(text);
}

static void test_errno_survives(void **state)
{
    UNUSED(state);
    errno = ENOENT;
    log_write(NULL, LOG_ERROR, "%m");
    assert_int_equal(errno, ENOENT);
    assert_line("error", "No such file or directory");
}

static void test_reopen(void **state)
{
    char moved[64];

    UNUSED(state);
    snprintf(moved, sizeof(moved), "%s.1", path);
    log_write(NULL, LOG_ERROR, "old");
    assert_int_equal(rename(path, moved), 0);
    log_write(NULL, LOG_ERROR, "still old");
    assert_null(log_open(&sink));
    assert_int_equal(fcntl(sink.fd, F_GETFD), FD_CLOEXEC);
    log_write(NULL, LOG_ERROR, "new");
    assert_line("error", "new");
    assert_int_equal(unlink(moved), 0);
}

static void test_failed_reopen_keeps_the_file(void **state)
{
    char *kept = sink.path;

    UNUSED(state);
    sink.path = "/nowhere/at/all";
    assert_ptr_equal(log_open(&sink), &err_not_found);
    log_write(NULL, LOG_ERROR, "m");
    sink.path = kept;
    assert_line("error", "m");
}

static void log_to_stderr(void)
{
    struct log_sink plain = {.level = LOG_INFO};

    CHECK(!log_open(&plain));
    log_set_default(&plain);
    log_write(NULL, LOG_INFO, "to stderr;");
    log_set_default(NULL);
    log_write(NULL, LOG_INFO, "below notice;");
    log_write(NULL, LOG_NOTICE, "notice;");
    log_close(&plain);
    abort();
}

static void test_stderr(void **state)
{
    char text[4096];

    UNUSED(state);
    assert_true(aborts_with(log_to_stderr, text, sizeof(text)));
    assert_non_null(strstr(text, "to stderr;"));
    assert_null(strstr(text, "below notice;"));
    assert_non_null(strstr(text, " notice;"));
}

static void panic(void)
{
    PANIC("number 42");
}

static void test_panic_is_logged(void **state)
{
    struct buf got = BUF_EMPTY;

    UNUSED(state);
    assert_true(aborts(panic));
    assert_null(file_read(path, 1 << 20, &got));
    assert_non_null(strstr(buf_cstr(&got), " [alert] "));
    assert_non_null(strstr(buf_cstr(&got), "number 42"));
    assert_int_equal(got.p[got.n - 1], '\n');
    buf_free(&got);
}

#define WITH_SINK(test) cmocka_unit_test_setup_teardown(test, open_sink, close_sink)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SINK(test_plain_line),
        WITH_SINK(test_contexts_outermost_first),
        WITH_SINK(test_levels),
        cmocka_unit_test(test_names),
        WITH_SINK(test_long_lines_are_cut),
        WITH_SINK(test_errno_survives),
        WITH_SINK(test_reopen),
        WITH_SINK(test_failed_reopen_keeps_the_file),
        cmocka_unit_test(test_stderr),
        WITH_SINK(test_panic_is_logged),
    };
    int fd = mkstemp(path);

    if (fd < 0)
        return 1;
    close(fd);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
