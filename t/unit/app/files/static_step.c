/* From a path to an answer: files, directories, errors, try_files. */
#include "app/files/static_step.h"

#include "../captured.h"

enum { OLD = 1000000000 };

static struct captured t;

static int setup(void **state)
{
    UNUSED(state);
    captured_init(&t);
    captured_file(&t, "a.txt", SLICE("file a"), OLD);
    assert_int_equal(mkdir(captured_path(&t, "dir"), 0755), 0);
    assert_int_equal(mkdir(captured_path(&t, "empty"), 0755), 0);
    captured_file(&t, "dir/index.html", SLICE("index"), OLD);
    assert_int_equal(mkfifo(captured_path(&t, "fifo"), 0644), 0);
    assert_int_equal(symlink("a.txt", captured_path(&t, "link")), 0);
    t.w.base.index = pool_zalloc(&t.w.conf.pool, 3 * sizeof(struct script *));
    t.w.base.index[0] = script_literal(&t.w.conf.pool, SLICE("index.lua"));
    t.w.base.index[1] = script_literal(&t.w.conf.pool, SLICE("index.html"));
    return 0;
}

static int teardown(void **state)
{
    UNUSED(state);
    captured_end(&t);
    return 0;
}

static enum step_result get(const char *path)
{
    captured_again(&t, path);
    return static_step_content(&t.w.v, NULL);
}

static const struct {
    enum method method;
    const char *path;
    int status;
} cases[] = {
    {METHOD_GET, "/a.txt", 200},   {METHOD_HEAD, "/a.txt", 200},
    {METHOD_POST, "/a.txt", 405},  {METHOD_PUT, "/a.txt", 405},
    {METHOD_DELETE, "/none", 405}, {METHOD_POST, "/none", 404},
    {METHOD_GET, "/none", 404},    {METHOD_GET, "/none/", 404},
    {METHOD_GET, "/a.txt/", 404},  {METHOD_GET, "/a.txt/b", 404},
    {METHOD_GET, "/dir", 301},     {METHOD_GET, "/empty/", 403},
    {METHOD_POST, "/empty/", 405}, {METHOD_GET, "/fifo", 404},
    {METHOD_GET, "/link", 200},    {METHOD_GET, "/../etc/passwd", 404},
    {METHOD_GET, "/dir/..", 404},
};

static void test_statuses(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        captured_again(&t, cases[i].path);
        t.w.x.req.method = cases[i].method;
        t.w.x.is_head = cases[i].method == METHOD_HEAD;
        assert_int_equal(static_step_content(&t.w.v, NULL), STEP_DONE);
        if (t.w.x.res.status != cases[i].status)
            fail_msg("%s: %d", cases[i].path, t.w.x.res.status);
    }
    get("/a.txt");
    assert_string_equal(captured_text(&t), "file a");
    captured_again(&t, "/a.txt");
    t.w.x.req.path = SLICE("/a.txt\0.html");
    static_step_content(&t.w.v, NULL);
    assert_int_equal(t.w.x.res.status, 404);
}

static void test_links(void **state)
{
    UNUSED(state);
    t.w.base.symlinks = SYMLINKS_DENY;
    get("/link");
    assert_int_equal(t.w.x.res.status, 403);
    get("/a.txt");
    assert_int_equal(t.w.x.res.status, 200);
    t.w.base.symlinks = SYMLINKS_SAME_OWNER;
    get("/link");
    assert_int_equal(t.w.x.res.status, 200);
}

static void test_index(void **state)
{
    UNUSED(state);
    assert_int_equal(get("/dir/"), STEP_RESTART);
    assert_true(slice_eq(t.w.x.req.path, SLICE("/dir/index.html")));
    assert_true(t.w.v.is_internal);
    assert_int_equal(static_step_content(&t.w.v, NULL), STEP_DONE);
    assert_string_equal(captured_text(&t), "index");
    t.w.base.index[1] = script_literal(&t.w.conf.pool, SLICE("/fallback"));
    assert_int_equal(get("/empty/"), STEP_RESTART);
    assert_true(slice_eq(t.w.x.req.path, SLICE("/fallback")));
}

static void test_listing(void **state)
{
    UNUSED(state);
    t.w.base.has_autoindex = true;
    get("/empty/");
    assert_int_equal(t.w.x.res.status, 200);
    assert_non_null(strstr(captured_text(&t), "Index of /empty/"));
    assert_int_equal(get("/dir/"), STEP_RESTART); /* an index goes first */
    t.w.base.index = NULL;
    get("/none/");
    assert_int_equal(t.w.x.res.status, 404);
    get("/dir/");
    assert_non_null(strstr(captured_text(&t), ">index.html<"));
}

static const struct {
    const char *path, *names[3];
    bool is_dir[3];
    enum step_result result;
    const char *expected; /* the path afterwards */
    int status;
} tries[] = {
    {"/a.txt", {"$uri", "=404"}, {0}, STEP_NEXT, "/a.txt", 0},
    {"/none", {"$uri", "=404"}, {0}, STEP_DONE, NULL, 404},
    {"/none", {"$uri", "/a.txt", "=404"}, {0}, STEP_NEXT, "/a.txt", 0},
    {"/a", {"$uri.txt", "=404"}, {0}, STEP_NEXT, "/a.txt", 0},
    {"/dir", {"$uri", "$uri", "=404"}, {false, true}, STEP_NEXT, "/dir", 0},
    {"/dir/", {"$uri", "$uri", "=404"}, {false, true}, STEP_NEXT, "/dir/", 0},
    {"/a.txt", {"$uri", "=404"}, {true}, STEP_DONE, NULL, 404},
    {"/none", {"$uri", "/fall?q=1"}, {0}, STEP_RESTART, "/fall", 0},
    {"/none", {"$uri", "/fall"}, {0}, STEP_RESTART, "/fall", 0},
    {"/none", {"../../../../etc/passwd", "=403"}, {0}, STEP_DONE, NULL, 403},
    {"/none", {"a.txt", "=404"}, {0}, STEP_NEXT, "/a.txt", 0},
};

static struct script *compile(const char *text)
{
    struct script *s;
    struct slice error;

    assert_true(script_compile(&t.w.conf.variables, slice_str(text), &s, &error));
    return s;
}

static void test_try_files(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct script *names[3];
        bool is_dir[3];
        struct try_files f = {.names = names, .is_dir = is_dir};
        struct step s = {.arg = &f};

        captured_again(&t, tries[i].path);
        for (; f.n < 3 && tries[i].names[f.n]; f.n++) {
            const char *name = tries[i].names[f.n];

            f.fallback_status = name[0] == '=' ? (int)strtol(name + 1, NULL, 10) : 0;
            names[f.n] = compile(name[0] == '=' ? "" : name);
            is_dir[f.n] = tries[i].is_dir[f.n];
        }
        if (static_step_try_files(&t.w.v, &s) != tries[i].result)
            fail_msg("case %zu: path " SLICE_FMT, i, SLICE_ARG(t.w.x.req.path));
        if (tries[i].expected)
            assert_string_equal(world_text(&t.w, t.w.x.req.path), tries[i].expected);
        assert_int_equal(t.w.x.res.status, tries[i].status);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_statuses), TEST(test_links),     TEST(test_index),
        TEST(test_listing),  TEST(test_try_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
