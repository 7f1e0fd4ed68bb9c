/* The automaton against a plain search, over pieces of any size. */
#include "proto/delimiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"

static uint64_t seed;

static size_t rnd(size_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % below;
}

/* Where `pattern` ends in `text` when that comes in pieces of `step` bytes; 0: it does not. */
static size_t find(const char *pattern, const char *text, size_t step)
{
    struct delimiter *d =
        delimiter_init(mem_alloc(delimiter_size(strlen(pattern))), slice_str(pattern));
    uint32_t matched = 0;
    size_t n = strlen(text), at = 0, used = 0;
    bool is_found = false;

    while (at < n && !is_found) {
        is_found = delimiter_find(d, slice_of(text + at, MIN(step, n - at)), &matched, &used);
        at += used;
    }
    if (is_found)
        assert_int_equal(matched, 0);
    mem_free(d);
    return is_found ? at : 0;
}

static void finds_what_overlaps_itself(void **state)
{
    static const struct {
        const char *pattern, *text;
        size_t end;
    } rows[] = {
        {"\r\n", "a\r\r\nb", 4},
        {"a", "bba", 3},
        {"--abcdabcabc?", "--abcdabcabcdabcabc?", 0},
        {"abcabd", "abcabcabd", 9},
        {"aab", "aaaaab!", 6},
        {"abab", "ababab", 4},
        {"x", "", 0},
        {"needle", "no need", 0},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t step = 1; step < 8; step++)
            assert_int_equal(find(rows[i].pattern, rows[i].text, step), rows[i].end);
}

static void agrees_with_strstr(void **state)
{
    char text[64], pattern[8];

    UNUSED(state);
    seed = 7;
    for (int round = 0; round < 20000; round++) {
        size_t n = 1 + rnd(sizeof(text) - 1), m = 1 + rnd(sizeof(pattern) - 1);
        const char *at;

        for (size_t i = 0; i < n; i++)
            text[i] = "ab"[rnd(2)];
        for (size_t i = 0; i < m; i++)
            pattern[i] = "ab"[rnd(2)];
        text[n - (n == sizeof(text))] = pattern[m - (m == sizeof(pattern))] = '\0';
        at = strstr(text, pattern);
        assert_int_equal(find(pattern, text, 1 + rnd(9)),
                         at ? (size_t)(at - text) + strlen(pattern) : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_overlaps_itself),
        cmocka_unit_test(agrees_with_strstr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
