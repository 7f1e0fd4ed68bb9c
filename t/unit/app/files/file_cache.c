/* The cache of files: what it keeps, for how long, and that nobody sees half of a change. */
#include "app/files/file_cache.c"

#include "../captured.h"

enum { OLD = 1000000000 };

static struct captured t;

static int setup(void **state)
{
    UNUSED(state);
    captured_init(&t);
    return 0;
}

static int teardown(void **state)
{
    UNUSED(state);
    captured_end(&t);
    assert_int_equal(cache.n_files, 0);
    assert_int_equal(cache.n_open, 0);
    assert_int_equal(cache.bytes, 0);
    return 0;
}

static const struct file_cache_file *take(const char *name)
{
    const struct file_cache_file *f = NULL;

    assert_int_equal(file_cache_open(slice_str(captured_path(&t, name)),
                                     (struct symlink_check){SYMLINKS_FOLLOW, 0}, &f),
                     0);
    return f;
}

static bool has(const char *name)
{
    return file_cache_has(slice_str(captured_path(&t, name)),
                          (struct symlink_check){SYMLINKS_FOLLOW, 0});
}

/* Makes the cache believe that its last look was a while ago. */
static void age(const struct file_cache_file *f)
{
    entry_of(f)->checked_ms -= FILE_CACHE_CHECK_MS;
}

static void replace(const char *name, struct slice content, time_t mtime)
{
    char from[256];

    captured_file(&t, "new", content, mtime);
    (void)snprintf(from, sizeof from, "%s", captured_path(&t, "new"));
    assert_int_equal(rename(from, captured_path(&t, name)), 0);
}

static void test_small(void **state)
{
    const struct file_cache_file *f, *g;

    UNUSED(state);
    captured_file(&t, "a", SLICE("hello"), OLD);
    f = take("a");
    assert_int_equal(f->size, 5);
    assert_int_equal(f->mtime, OLD);
    assert_int_equal(f->fd, -1);
    assert_memory_equal(f->bytes, "hello", 5);
    assert_true(slice_eq(f->etag, SLICE("\"3b9aca00-5\"")));
    assert_true(slice_eq(f->last_modified, SLICE("Sun, 09 Sep 2001 01:46:40 GMT")));
    g = take("a");
    assert_ptr_equal(f, g);
    file_cache_release(f);
    file_cache_release(g);
    assert_true(has("a"));
    assert_false(has("b"));
}

static void test_empty(void **state)
{
    const struct file_cache_file *f;

    UNUSED(state);
    captured_file(&t, "a", SLICE_EMPTY, OLD);
    f = take("a");
    assert_int_equal(f->size, 0);
    assert_non_null(f->bytes);
    file_cache_release(f);
}

static void test_large(void **state)
{
    static char content[FILE_CACHE_SMALL_MOST + 1];
    const struct file_cache_file *f;
    int fd;

    UNUSED(state);
    captured_file(&t, "a", slice_of(content, sizeof content), OLD);
    f = take("a");
    assert_null(f->bytes);
    assert_true(f->fd >= 0);
    fd = f->fd;
    file_cache_release(f);
    f = take("a");
    assert_int_equal(f->fd, fd);
    file_cache_release(f);
    captured_file(&t, "b", slice_of(content, FILE_CACHE_SMALL_MOST), OLD);
    f = take("b");
    assert_non_null(f->bytes);
    file_cache_release(f);
}

static void test_errors(void **state)
{
    const struct file_cache_file *f;

    UNUSED(state);
    assert_int_equal(mkdir(captured_path(&t, "d"), 0755), 0);
    assert_int_equal(mkfifo(captured_path(&t, "fifo"), 0644), 0);
    assert_int_equal(file_cache_open(slice_str(captured_path(&t, "d")),
                                     (struct symlink_check){SYMLINKS_FOLLOW, 0}, &f),
                     EISDIR);
    assert_int_equal(file_cache_open(slice_str(captured_path(&t, "fifo")),
                                     (struct symlink_check){SYMLINKS_FOLLOW, 0}, &f),
                     ENXIO);
    assert_int_equal(file_cache_open(slice_str(captured_path(&t, "no")),
                                     (struct symlink_check){SYMLINKS_FOLLOW, 0}, &f),
                     ENOENT);
}

static void test_replaced(void **state)
{
    const struct file_cache_file *f, *g;

    UNUSED(state);
    captured_file(&t, "a", SLICE("old"), OLD);
    f = take("a");
    replace("a", SLICE("newer"), OLD);
    g = take("a");
    assert_ptr_equal(f, g); /* within the second */
    file_cache_release(g);
    age(f);
    g = take("a");
    assert_int_equal(g->size, 5);
    assert_memory_equal(g->bytes, "newer", 5);
    assert_memory_equal(f->bytes, "old", 3); /* its user still has it whole */
    file_cache_release(f);
    file_cache_release(g);
}

static void test_replaced_large(void **state)
{
    static char content[FILE_CACHE_SMALL_MOST + 10];
    const struct file_cache_file *f;
    char byte = 'x';

    UNUSED(state);
    memset(content, 'a', sizeof content);
    captured_file(&t, "a", slice_of(content, sizeof content), OLD);
    f = take("a");
    memset(content, 'b', sizeof content);
    replace("a", slice_of(content, sizeof content), OLD);
    age(f);
    assert_false(has("a"));
    assert_int_equal(pread(f->fd, &byte, 1, 5), 1);
    assert_int_equal(byte, 'a');
    file_cache_clear();
    assert_int_equal(pread(f->fd, &byte, 1, 5), 1);
    file_cache_release(f);
}

static void test_removed(void **state)
{
    const struct file_cache_file *f, *g;

    UNUSED(state);
    captured_file(&t, "a", SLICE("x"), OLD);
    f = take("a");
    assert_int_equal(unlink(captured_path(&t, "a")), 0);
    age(f);
    assert_int_equal(file_cache_open(slice_str(captured_path(&t, "a")),
                                     (struct symlink_check){SYMLINKS_FOLLOW, 0}, &g),
                     ENOENT);
    assert_int_equal(cache.n_files, 0);
    file_cache_release(f);
}

/* A file that is as young as the clock is coarse is read again, whatever its times say. */
static void test_unsettled(void **state)
{
    const struct file_cache_file *f, *g;
    struct stat st;
    struct timespec times[2];

    UNUSED(state);
    captured_file(&t, "a", SLICE("one"), 0);
    f = take("a");
    assert_false(entry_of(f)->is_settled);
    assert_int_equal(stat(captured_path(&t, "a"), &st), 0);
    captured_file(&t, "a", SLICE("two"), 0);
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    assert_int_equal(utimensat(AT_FDCWD, captured_path(&t, "a"), times, 0), 0);
    entry_of(f)->st.st_ctim = (struct timespec){0};
    assert_int_equal(stat(captured_path(&t, "a"), &entry_of(f)->st), 0);
    age(f);
    g = take("a");
    assert_memory_equal(g->bytes, "two", 3);
    file_cache_release(f);
    file_cache_release(g);
}

static void test_policy_is_part_of_the_key(void **state)
{
    const struct file_cache_file *f;
    struct slice path;

    UNUSED(state);
    captured_file(&t, "a", SLICE("x"), OLD);
    assert_int_equal(symlink("a", captured_path(&t, "l")), 0);
    f = take("l");
    file_cache_release(f);
    path = slice_str(captured_path(&t, "l"));
    assert_int_equal(file_cache_open(path, (struct symlink_check){SYMLINKS_DENY, 0}, &f), ELOOP);
    assert_false(file_cache_has(path, (struct symlink_check){SYMLINKS_DENY, 0}));
}

static void test_limits(void **state)
{
    static char content[FILE_CACHE_SMALL_MOST];
    char name[16];

    UNUSED(state);
    for (int i = 0; i < 600; i++) {
        (void)snprintf(name, sizeof name, "f%d", i);
        captured_file(&t, name, slice_of(content, sizeof content), OLD);
        file_cache_release(take(name));
        if (i % 100 == 0)
            file_cache_release(take("f0")); /* kept by being used */
    }
    assert_true(cache.bytes <= FILE_CACHE_MEMORY_MOST);
    assert_true(cache.bytes > FILE_CACHE_MEMORY_MOST - 2 * FILE_CACHE_SMALL_MOST);
    assert_true(has("f0"));
    assert_false(has("f1"));
    assert_true(has("f599"));
}

static void test_open_limit(void **state)
{
    static char content[FILE_CACHE_SMALL_MOST + 1];
    char name[16];

    UNUSED(state);
    for (int i = 0; i < FILE_CACHE_OPEN_MOST + 20; i++) {
        (void)snprintf(name, sizeof name, "f%d", i);
        captured_file(&t, name, slice_of(content, sizeof content), OLD);
        file_cache_release(take(name));
    }
    assert_int_equal(cache.n_open, FILE_CACHE_OPEN_MOST);
    assert_false(has("f19"));
    assert_true(has("f20"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_small),   TEST(test_empty),      TEST(test_large),
        TEST(test_errors),  TEST(test_replaced),   TEST(test_replaced_large),
        TEST(test_removed), TEST(test_unsettled),  TEST(test_policy_is_part_of_the_key),
        TEST(test_limits),  TEST(test_open_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
