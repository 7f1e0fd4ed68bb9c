/* The heap and the free lists. */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "aborts.h"

const char *__asan_default_options(void);

/* The sanitizer must let malloc fail, which is what is tested. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static volatile size_t huge = SIZE_MAX / 4;

static void alloc_too_much(void)
{
    mem_free(mem_alloc(huge));
}

static void zalloc_too_much(void)
{
    mem_free(mem_zalloc(huge));
}

static void realloc_too_much(void)
{
    mem_free(mem_realloc(mem_alloc(8), huge));
}

static void take_too_small(void)
{
    struct mem_cache c = MEM_CACHE(char, 1);

    mem_free(mem_cache_take(&c));
}

static void test_alloc(void **state)
{
    char *p = mem_alloc(0), *q = mem_zalloc(100);

    UNUSED(state);
    assert_non_null(p);
    for (int i = 0; i < 100; i++)
        assert_int_equal(q[i], 0);
    memset(q, 'x', 100);
    q = mem_realloc(q, 10000);
    assert_int_equal(q[99], 'x');
    assert_null(mem_realloc(q, 0));
    p = mem_realloc(p, 20);
    assert_non_null(p);
    mem_free(p);
    mem_free(NULL);
}

static void test_strdup(void **state)
{
    char *z = mem_strdup(slice_of("abcdef", 3)), *empty = mem_strdup(slice_of(NULL, 0));

    UNUSED(state);
    assert_string_equal(z, "abc");
    assert_string_equal(empty, "");
    mem_free(z);
    mem_free(empty);
}

static void test_out_of_memory_stops(void **state)
{
    char text[16384];

    UNUSED(state);
    assert_true(aborts_with(alloc_too_much, text, sizeof(text)));
    assert_non_null(strstr(text, "out of memory"));
    assert_true(aborts(zalloc_too_much));
    assert_true(aborts(realloc_too_much));
    assert_true(aborts(take_too_small));
}

struct thing {
    char bytes[48];
};

static void test_cache_reuses(void **state)
{
    struct mem_cache c = MEM_CACHE(struct thing, 2);
    struct thing *a = mem_cache_take(&c), *b = mem_cache_take(&c), *d = mem_cache_take(&c);

    UNUSED(state);
    mem_cache_give(&c, a);
    mem_cache_give(&c, b);
    mem_cache_give(&c, d);
    assert_int_equal(c.count, 2);
    assert_ptr_equal(mem_cache_take(&c), b);
    assert_int_equal(c.count, 1);
    memset(b, 'x', sizeof(*b));
    assert_ptr_equal(mem_cache_take(&c), a);
    memset(a, 'x', sizeof(*a));
    assert_null(c.free);
    mem_cache_give(&c, a);
    mem_cache_give(&c, b);
    mem_cache_trim(&c);
    assert_int_equal(c.count, 0);
    assert_null(c.free);
}

static void test_shared_by_processes(void **state)
{
    int *p = mem_share(2 * sizeof(*p)), status;
    pid_t child;

    UNUSED(state);
    assert_int_equal(p[0], 0);
    assert_int_equal(p[1], 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        p[1] = 7;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(p[1], 7);
    mem_unshare(p, 2 * sizeof(*p));
    mem_unshare(NULL, 0);
}

static void test_trim(void **state)
{
    enum { PIECES = 2000, SIZE = 10000 };
    void **p = mem_alloc(2 * PIECES * sizeof(*p));

    UNUSED(state);
    for (unsigned i = 0; i < 2 * PIECES; i++)
        p[i] = memset(mem_alloc(SIZE), 'x', SIZE);
    for (unsigned i = 0; i < 2 * PIECES; i += 2)
        mem_free(p[i]);
    mem_trim();
    for (unsigned i = 1; i < 2 * PIECES; i += 2) {
        assert_int_equal(((char *)p[i])[SIZE - 1], 'x');
        mem_free(p[i]);
    }
    mem_free(p);
    mem_trim();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc),
        cmocka_unit_test(test_strdup),
        cmocka_unit_test(test_out_of_memory_stops),
        cmocka_unit_test(test_cache_reuses),
        cmocka_unit_test(test_shared_by_processes),
        cmocka_unit_test(test_trim),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
