/* Strings that take the place of others, wherever the text is cut. */
#include "proto/replace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PAIRS_MOST = 3 };

struct replace_case {
    const char *pairs[PAIRS_MOST][2];
    const char *in, *all, *once; /* what becomes of it */
};

static const struct replace_case cases[] = {
    {{{"b", "X"}}, "", "", ""},
    {{{"b", "X"}}, "abcb", "aXcX", "aXcb"},
    {{{"abc", "X"}}, "ababcabABC", "abXabX", "abXabABC"},
    {{{"aab", "X"}}, "aaab aaa", "aX aaa", "aX aaa"},
    {{{"abcd", "X"}, {"bc", "Y"}}, "abcd abc", "X aY", NULL},
    {{{"abcd", "X"}, {"ab", "Y"}}, "abcd abc ab", "X Yc Y", "X Yc ab"},
    {{{"ab", "Y"}, {"abcd", "X"}}, "abcd", "Ycd", "Ycd"},
    {{{"a", "b"}, {"b", "a"}}, "abab", "baba", "baab"},
    {{{"a", ""}}, "aAaxa", "x", "Aaxa"},
    {{{"</body>", "<x></body>"}}, "<p></BODY></body", "<p><x></body></body", NULL},
    {{{"\xc3\xa4", "ae"}}, "K\xc3\xa4se\xc3", "Kaese\xc3", NULL},
    {{{"abab", "1"}, {"bab", "2"}, {"b", "3"}}, "aba", "a3a", "a3a"},
};

static void feed_in_pieces(const struct replace_case *c, size_t piece, bool is_once,
                           struct buf *out)
{
    struct replace_pair pairs[PAIRS_MOST];
    struct replace r;
    unsigned n = 0;
    size_t size = strlen(c->in);

    for (; n < PAIRS_MOST && c->pairs[n][0]; n++)
        pairs[n] =
            (struct replace_pair){slice_str(c->pairs[n][0]), slice_str(c->pairs[n][1]), false};
    replace_init(&r, pairs, n, is_once);
    for (size_t at = 0; at < size; at += piece)
        replace_feed(&r, slice_of(c->in + at, MIN(piece, size - at)), false, out);
    replace_feed(&r, SLICE_EMPTY, true, out);
    replace_free(&r);
}

static void check(const struct replace_case *c, bool is_once, const char *expected)
{
    for (size_t piece = 1; piece <= strlen(c->in) + 1; piece++) {
        struct buf out = BUF_EMPTY;

        feed_in_pieces(c, piece, is_once, &out);
        if (!slice_eq(buf_slice(&out), slice_str(expected)))
            fail_msg("\"%s\" in pieces of %zu is \"" SLICE_FMT "\", not \"%s\"", c->in, piece,
                     SLICE_ARG(buf_slice(&out)), expected);
        buf_free(&out);
    }
}

static void test_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i], false, cases[i].all);
}

static void test_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i], true, cases[i].once ? cases[i].once : cases[i].all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
