/* Heads of CGI programs: both ends of lines, statuses, lengths, what is refused. */
#include "proto/cgi_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static size_t size_of(struct slice in)
{
    size_t seen = 0;

    return cgi_head_size(in, &seen);
}

static void finds_the_end(void **state)
{
    UNUSED(state);
    assert_int_equal(size_of(SLICE("")), 0);
    assert_int_equal(size_of(SLICE("A: b\r\n")), 0);
    assert_int_equal(size_of(SLICE("A: b\r\n\r")), 0);
    assert_int_equal(size_of(SLICE("A: b\r\n\r\nbody")), 8);
    assert_int_equal(size_of(SLICE("A: b\n\nbody\n\n")), 6);
    assert_int_equal(size_of(SLICE("\nbody")), 1);
}

static void reads_heads(void **state)
{
    static const struct {
        struct slice in;
        const char *wrong; /* NULL: */
        int status;
        const char *phrase;
        int64_t length;
        unsigned n;
    } cases[] = {
        {SLICE("A: b\r\nC:d \r\n\r\n"), NULL, 200, "", -1, 2},
        {SLICE("Status: 404 Not Here\nA: b\n\n"), NULL, 404, "Not Here", -1, 1},
        {SLICE("status:503\n\n"), NULL, 503, "", -1, 0},
        {SLICE("Location: /x\n\n"), NULL, 302, "", -1, 1},
        {SLICE("Location: /x\nStatus: 201 Made\n\n"), NULL, 201, "Made", -1, 1},
        {SLICE("Content-Length: 12\n\n"), NULL, 200, "", 12, 1},
        {SLICE("Content-Length: 12\nContent-Length: 12\n\n"), NULL, 200, "", 12, 2},
        {SLICE("\n"), NULL, 200, "", -1, 0},
        {SLICE("HTTP/1.1 404 Not Here\r\nA: b\r\n\r\n"), NULL, 404, "Not Here", -1, 1},
        {SLICE("HTTP/1.0 503\nA: b\n\n"), NULL, 503, "", -1, 1},
        {SLICE("HTTP/1.1 OK\n\n"), "invalid status line", 0, "", 0, 0},
        {SLICE("HTTP/1.1\n\n"), "invalid status line", 0, "", 0, 0},
        {SLICE("A: b\nHTTP/1.1 200 OK\n\n"), "header line without a colon", 0, "", 0, 0},
        {SLICE("Content-Length: 12\nContent-Length: 13\n\n"), "invalid Content-Length", 0, "", 0,
         0},
        {SLICE("Content-Length: -1\n\n"), "invalid Content-Length", 0, "", 0, 0},
        {SLICE("Status: 99\n\n"), "invalid status", 0, "", 0, 0},
        {SLICE("Status: 101 Switching\n\n"), "invalid status", 0, "", 0, 0},
        {SLICE("Status: OK\n\n"), "invalid status", 0, "", 0, 0},
        {SLICE("no colon\n\n"), "header line without a colon", 0, "", 0, 0},
        {SLICE("a b: c\n\n"), "invalid header line", 0, "", 0, 0},
        {SLICE("a: b\rc\n\n"), "invalid header line", 0, "", 0, 0},
        {SLICE("a: b\0c\n\n"), "invalid header line", 0, "", 0, 0},
        {SLICE(": c\n\n"), "invalid header line", 0, "", 0, 0},
        {SLICE("a: b\n c\n\n"), "header line without a colon", 0, "", 0, 0},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct header_list fields = {0};
        struct cgi_head h;
        struct pool pool;
        const char *wrong;

        pool_init(&pool, NULL, 0);
        assert_int_equal(size_of(cases[i].in), cases[i].in.n);
        wrong = cgi_head_read(cases[i].in, &pool, &fields, &h);
        if (cases[i].wrong) {
            assert_string_equal(wrong, cases[i].wrong);
        } else {
            assert_null(wrong);
            assert_int_equal(h.status, cases[i].status);
            assert_true(slice_eq(h.phrase, slice_str(cases[i].phrase)));
            assert_int_equal(h.content_length, cases[i].length);
            assert_int_equal(fields.n, cases[i].n);
        }
        pool_reset(&pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_end),
        cmocka_unit_test(reads_heads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
