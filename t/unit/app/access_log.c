/* The access log: formats, escaping, conditions, buffers. */
#include "app/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include "loop/loop.h"
#include "world.h"

struct journal {
    struct world w;
    int pipe_ends[2];
    struct log_sink sink;
    struct access_log log;
    char text[8192];
};

static void journal_init(struct journal *j)
{
    world_init(&j->w);
    assert_int_equal(pipe2(j->pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
    j->sink = (struct log_sink){.path = "pipe", .fd = j->pipe_ends[1]};
    j->log = (struct access_log){.sink = &j->sink};
    j->w.base.access_logs = &j->log;
}

/* What was written since the last call. */
static const char *journal_read(struct journal *j)
{
    ssize_t n = read(j->pipe_ends[0], j->text, sizeof(j->text) - 1);

    j->text[n > 0 ? n : 0] = '\0';
    return j->text;
}

static void journal_end(struct journal *j)
{
    world_end(&j->w);
    close(j->pipe_ends[0]);
    close(j->pipe_ends[1]);
}

static void use_format(struct journal *j, const char *escape, const char *text)
{
    struct slice args[] = {slice_str(escape), slice_str(text)}, error;

    j->log.format = access_log_compile(&j->w.conf.variables, args, 2, &error);
    assert_non_null(j->log.format);
}

static void test_combined(void **state)
{
    struct journal j;
    struct slice date;

    UNUSED(state);
    journal_init(&j);
    j.log.format = access_log_combined(&j.w.conf.variables);
    world_begin_visit(&j.w);
    j.w.x.res.status = 200;
    j.w.x.body_bytes_sent = 5;
    world_header(&j.w, &j.w.x.req.headers, "User-Agent", "say \"hi\"\\\n\x7f\xc3");
    access_log_write(&j.w.v);
    date = clock_access_date();
    assert_string_equal(journal_read(&j),
                        world_text(&j.w, pool_printf(&j.w.x.pool,
                                                     "192.0.2.17 - - [" SLICE_FMT
                                                     "] \"GET /a%%20b?x=1 HTTP/1.1\" 200 5 \"-\" "
                                                     "\"say \\x22hi\\x22\\x5C\\x0A\\x7F\\xC3\"\n",
                                                     SLICE_ARG(date))));
    journal_end(&j);
}

static const struct {
    const char *escape, *format, *line;
} formats[] = {
    {"escape=default", "<$uri|$arg_none|$arg_x>", "</a b|-|q\\x22>\n"},
    {"escape=json", "{\"x\":\"$arg_x\",\"n\":\"$arg_none\"}", "{\"x\":\"q\\\"\",\"n\":\"\"}\n"},
    {"escape=none", "$arg_x,$arg_none.", "q\",.\n"},
    {"$uri", "${host}", "/a bexample.com\n"},
    {"$uri", "x", "/a bx\n"},
    {"", "", "\n"},
};

static void test_formats(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        struct journal j;

        journal_init(&j);
        j.w.x.req.query = SLICE("x=q\"");
        use_format(&j, formats[i].escape, formats[i].format);
        world_begin_visit(&j.w);
        access_log_write(&j.w.v);
        assert_string_equal(journal_read(&j), formats[i].line);
        journal_end(&j);
    }
}

static void test_bad_formats(void **state)
{
    struct world w;
    struct slice error = SLICE_EMPTY;

    UNUSED(state);
    world_init(&w);
    assert_null(access_log_compile(&w.conf.variables, &SLICE("escape=xml"), 1, &error));
    assert_true(slice_eq(error, SLICE("unknown log format escaping \"xml\"")));
    assert_null(access_log_compile(&w.conf.variables, &SLICE("a $ b"), 1, &error));
    assert_true(slice_eq(error, SLICE("invalid parameter \"a $ b\"")));
    world_end(&w);
}

static const struct {
    const char *value;
    bool is_written;
} conditions[] = {{"1", true}, {"yes", true}, {"0", false}, {"", false}, {"00", true}};

static void test_condition(void **state)
{
    struct journal j;
    struct slice error;

    UNUSED(state);
    journal_init(&j);
    use_format(&j, "", "line");
    assert_true(script_compile(&j.w.conf.variables, SLICE("$args"), &j.log.condition, &error));
    world_begin_visit(&j.w);
    for (size_t i = 0; i < ARRAY_LEN(conditions); i++) {
        j.w.x.req.query = slice_str(conditions[i].value);
        access_log_write(&j.w.v);
        assert_string_equal(journal_read(&j), conditions[i].is_written ? "line\n" : "");
    }
    journal_end(&j);
}

static void test_several_logs(void **state)
{
    struct journal j;
    struct access_log second;

    UNUSED(state);
    journal_init(&j);
    use_format(&j, "", "one");
    second = j.log;
    use_format(&j, "", "two");
    j.log.next = &second;
    world_begin_visit(&j.w);
    access_log_write(&j.w.v);
    assert_string_equal(journal_read(&j), "two\none\n");
    journal_end(&j);
}

static void test_buffer(void **state)
{
    struct journal j;

    UNUSED(state);
    journal_init(&j);
    use_format(&j, "", "12345");
    j.log.buffer =
        access_log_buffer_new(&j.w.conf.pool, &j.sink, &(struct access_log_buffering){.size = 13});
    world_begin_visit(&j.w);
    access_log_write(&j.w.v);
    access_log_write(&j.w.v);
    assert_string_equal(journal_read(&j), "");
    access_log_write(&j.w.v);
    assert_string_equal(journal_read(&j), "12345\n12345\n");
    access_log_flush(j.log.buffer);
    assert_string_equal(journal_read(&j), "12345\n");
    access_log_flush(j.log.buffer);
    access_log_flush(NULL);
    assert_string_equal(journal_read(&j), "");
    access_log_write(&j.w.v);
    use_format(&j, "", "a line that is longer than the buffer");
    access_log_write(&j.w.v);
    assert_string_equal(journal_read(&j), "12345\na line that is longer than the buffer\n");
    use_format(&j, "", "last");
    access_log_write(&j.w.v);
    world_end(&j.w);
    assert_string_equal(journal_read(&j), "last\n");
    close(j.pipe_ends[0]);
    close(j.pipe_ends[1]);
}

static void test_buffer_is_flushed_in_time(void **state)
{
    struct journal j;

    UNUSED(state);
    journal_init(&j);
    use_format(&j, "", "late");
    j.log.buffer = access_log_buffer_new(
        &j.w.conf.pool, &j.sink, &(struct access_log_buffering){.size = 4096, .flush_ms = 20});
    world_begin_visit(&j.w);
    access_log_write(&j.w.v);
    assert_string_equal(journal_read(&j), "");
    for (int i = 0; i < 100 && journal_read(&j)[0] == '\0'; i++) {
        usleep(5000);
        loop_turn(false);
    }
    assert_string_equal(j.text, "late\n");
    journal_end(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_combined),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_bad_formats),
        cmocka_unit_test(test_condition),
        cmocka_unit_test(test_several_logs),
        cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_buffer_is_flushed_in_time),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_deinit();
    return failed;
}
