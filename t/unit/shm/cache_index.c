/* The index of a cache: uses, sizes and their sum, who fetches, the oldest, no room; a process that
 * dies while it fetches. */
#include "shm/cache_index.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned char a[CACHE_INDEX_KEY] = "a", b[CACHE_INDEX_KEY] = "b";

static struct cache_index open_index(size_t size)
{
    struct zone *notes = zone_new(SLICE("notes"), size), *sums = zone_new(SLICE("sums"), 8192);
    struct cache_index c = {dict_open(notes), dict_open(sums)};

    zone_release(&notes);
    zone_release(&sums);
    return c;
}

static void close_index(struct cache_index *c)
{
    dict_close(&c->notes);
    dict_close(&c->sums);
}

static void test_put(void **state)
{
    struct cache_index c = open_index(64 << 10);
    struct cache_note note;

    UNUSED(state);
    assert_true(cache_index_use(&c, a, &note));
    assert_int_equal(note.uses, 1);
    assert_int_equal(note.size, 0);
    assert_true(cache_index_put(&c, a, 100, 5));
    assert_true(cache_index_put(&c, b, 30, 6));
    assert_int_equal(cache_index_total(&c), 130);
    assert_true(cache_index_put(&c, a, 10, 7));
    assert_int_equal(cache_index_total(&c), 40);
    assert_true(cache_index_use(&c, a, &note));
    assert_int_equal(note.uses, 2);
    assert_int_equal(note.size, 10);
    assert_int_equal(note.valid_until, 7);
    assert_true(cache_index_found(&c, a, 1000, 9)); /* more is known of it */
    assert_int_equal(cache_index_total(&c), 40);
    assert_false(cache_index_drop(&c, a, note.used - 1));
    assert_true(cache_index_drop(&c, a, -1));
    assert_false(cache_index_drop(&c, a, -1));
    assert_int_equal(cache_index_total(&c), 30);
    assert_true(cache_index_found(&c, a, 1000, 9));
    assert_int_equal(cache_index_total(&c), 1030);
    close_index(&c);
}

static void test_fetch(void **state)
{
    struct cache_index c = open_index(64 << 10);
    struct cache_note note;
    int64_t first, second, other;
    int status;
    pid_t pid;

    UNUSED(state);
    assert_true(cache_index_fetch(&c, a, 60000, &first));
    assert_false(cache_index_fetch(&c, a, 60000, &other));
    assert_true(cache_index_fetch(&c, a, 0, &second)); /* it has taken too long */
    cache_index_fetched(&c, a, first);
    assert_false(cache_index_fetch(&c, a, 60000, &other)); /* the second one still does */
    cache_index_fetched(&c, a, second);
    pid = fork();
    if (pid == 0) {
        lock_self = 0; /* a name of its own */
        lock_enlist();
        _exit(!cache_index_fetch(&c, a, 60000, &other));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(cache_index_use(&c, a, &note));
    assert_int_not_equal(note.fetcher, 0);
    assert_int_not_equal(note.fetcher, lock_self);
    cache_index_fetched(&c, a, note.fetching_since); /* that was another one */
    assert_true(cache_index_use(&c, a, &note));
    assert_int_not_equal(note.fetcher, 0);
    assert_true(cache_index_fetch(&c, a, 60000, &first)); /* who is dead */
    close_index(&c);
}

/* Two have seen that a fetch takes too long: the second to take it over finds it taken, also where
 * the first is the process that had it before. */
static void test_take_over(void **state)
{
    struct cache_index c = open_index(64 << 10);
    struct change how = {.is_refused = false};
    int64_t since;

    UNUSED(state);
    assert_true(cache_index_fetch(&c, a, 60000, &since));
    how.seen = (struct cache_note){.fetcher = lock_self, .fetching_since = since};
    assert_true(cache_index_fetch(&c, a, 0, &since));
    (void)change(&c, a, take_fetch, &how);
    assert_true(how.is_refused);
    close_index(&c);
}

static void test_oldest(void **state)
{
    struct cache_index c = open_index(64 << 10);
    unsigned char digest[CACHE_INDEX_KEY];
    struct cache_note note;

    UNUSED(state);
    assert_false(cache_index_oldest(&c, digest, &note));
    assert_true(cache_index_put(&c, a, 1, 0));
    assert_true(cache_index_put(&c, b, 2, 0));
    assert_true(cache_index_oldest(&c, digest, &note));
    assert_memory_equal(digest, a, sizeof(a));
    assert_int_equal(note.size, 1);
    assert_true(cache_index_use(&c, a, &note));
    assert_true(cache_index_oldest(&c, digest, &note));
    assert_memory_equal(digest, b, sizeof(b));
    close_index(&c);
}

static void test_room(void **state)
{
    struct cache_index c = open_index(DICT_ZONE_LEAST);
    unsigned char digest[CACHE_INDEX_KEY] = {0};
    struct cache_note note;
    unsigned n = 0;

    UNUSED(state);
    while (memcpy(digest, &n, sizeof n), cache_index_put(&c, digest, 1, 0))
        n++;
    assert_in_range(n, 10, 100);
    assert_int_equal(cache_index_total(&c), n);
    assert_true(cache_index_oldest(&c, digest, &note));
    assert_true(cache_index_drop(&c, digest, note.used));
    memcpy(digest, &n, sizeof n);
    assert_true(cache_index_put(&c, digest, 1, 0));
    assert_int_equal(cache_index_total(&c), n);
    close_index(&c);
}

static void test_complete(void **state)
{
    struct cache_index c = open_index(DICT_ZONE_LEAST);

    UNUSED(state);
    assert_false(cache_index_is_complete(&c));
    cache_index_complete(&c);
    assert_true(cache_index_is_complete(&c));
    close_index(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put),      cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_oldest),   cmocka_unit_test(test_room),
        cmocka_unit_test(test_complete), cmocka_unit_test(test_take_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
