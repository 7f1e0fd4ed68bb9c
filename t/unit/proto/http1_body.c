/* The body decoder: each case whole, one byte at a time, and in every pair of pieces; the answers
 * must agree. */
#include "proto/http1_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

struct body_case {
    const char *name, *in;
    size_t n;
    enum http1_result result;
    const char *body;     /* DONE and MORE: all data; BAD: part of the reason */
    size_t left;          /* of the input when DONE */
    const char *trailers; /* "name=value;" in order */
};

#define IN(s) s, sizeof(s) - 1
#define X16   "xxxxxxxxxxxxxxxx"
#define X256  X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16

static const struct body_case cases[] = {
    {"empty", IN("0\r\n\r\n"), HTTP1_DONE, "", 0, ""},
    {"one chunk", IN("3\r\nabc\r\n0\r\n\r\n"), HTTP1_DONE, "abc", 0, ""},
    {"two chunks and more", IN("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET"), HTTP1_DONE, "abcde", 3, ""},
    {"hex digits", IN("00a\r\n0123456789\r\nB\r\n0123456789a\r\n000\r\n\r\n"), HTTP1_DONE,
     "01234567890123456789a", 0, ""},
    {"16 digits", IN("0000000000000001\r\na\r\n0000000000000000\r\n\r\n"), HTTP1_DONE, "a", 0, ""},
    {"data with CRLF", IN("4\r\n\r\n\r\n\r\n0\r\n\r\n"), HTTP1_DONE, "\r\n\r\n", 0, ""},
    {"extensions", IN("1;a;b=c;d=\"e \\\" \t;\r\"\r\na\r\n0\r\n\r\n"), HTTP1_BAD, "control", 0, ""},
    {"quoted extension", IN("1;a;b=c;d=\"e \\\" \t;\"\r\na\r\n0;x\r\n\r\n"), HTTP1_DONE, "a", 0,
     ""},
    {"empty quoted extension", IN("1;a=\"\"\r\na\r\n0\r\n\r\n"), HTTP1_DONE, "a", 0, ""},
    {"quoted then another", IN("1;a=\"\";b\r\na\r\n0\r\n\r\n"), HTTP1_DONE, "a", 0, ""},
    {"trailers", IN("0\r\nX-A: b\r\nX-C:\td \r\nX-E:\r\n\r\nz"), HTTP1_DONE, "", 1,
     "X-A=b;X-C=d;X-E=;"},
    {"forbidden trailers",
     IN("0\r\nContent-Length: 5\r\nhost: x\r\nX: y\r\nmax-forwards: 1\r\n"
        "Transfer-Encoding: chunked\r\nETag: \"a\"\r\n\r\n"),
     HTTP1_DONE, "", 0, "X=y;ETag=\"a\";"},
    {"cut in size", IN("1"), HTTP1_MORE, "", 0, ""},
    {"cut in data", IN("5\r\nabc"), HTTP1_MORE, "abc", 0, ""},
    {"cut behind data", IN("3\r\nabc"), HTTP1_MORE, "abc", 0, ""},
    {"cut in the end", IN("3\r\nabc\r\n0\r\n"), HTTP1_MORE, "abc", 0, ""},
    {"cut before the last LF", IN("0\r\n\r"), HTTP1_MORE, "", 0, ""},
    {"largest size", IN("7fffffffffffffff\r\nab"), HTTP1_MORE, "ab", 0, ""},
    {"size missing", IN("\r\n"), HTTP1_BAD, "missing", 0, ""},
    {"extension without size", IN(";a\r\n"), HTTP1_BAD, "missing", 0, ""},
    {"signed size", IN("+1\r\na\r\n"), HTTP1_BAD, "missing", 0, ""},
    {"negative size", IN("-1\r\n"), HTTP1_BAD, "missing", 0, ""},
    {"blank before size", IN(" 1\r\na\r\n"), HTTP1_BAD, "missing", 0, ""},
    {"blank after size", IN("1 \r\na\r\n"), HTTP1_BAD, "malformed", 0, ""},
    {"tab after size", IN("1\t\r\na\r\n"), HTTP1_BAD, "malformed", 0, ""},
    {"0x", IN("0x1\r\na\r\n"), HTTP1_BAD, "malformed", 0, ""},
    {"letter in size", IN("1g\r\n"), HTTP1_BAD, "malformed", 0, ""},
    {"underscore in size", IN("1_0\r\n"), HTTP1_BAD, "malformed", 0, ""},
    {"17 digits", IN("00000000000000001\r\na\r\n"), HTTP1_BAD, "too large", 0, ""},
    {"size above 63 bits", IN("8000000000000000\r\n"), HTTP1_BAD, "too large", 0, ""},
    {"size of 64 bits", IN("ffffffffffffffff\r\n"), HTTP1_BAD, "too large", 0, ""},
    {"bare LF after size", IN("1\na\r\n"), HTTP1_BAD, "bare LF", 0, ""},
    {"bare CR after size", IN("1\ra\r\n"), HTTP1_BAD, "bare CR", 0, ""},
    {"two CR after size", IN("1\r\r\na\r\n"), HTTP1_BAD, "bare CR", 0, ""},
    {"bare LF after last size", IN("0\n\r\n"), HTTP1_BAD, "bare LF", 0, ""},
    {"data longer than size", IN("1\r\nab\r\n"), HTTP1_BAD, "longer", 0, ""},
    {"no CRLF after data", IN("1\r\na0\r\n\r\n"), HTTP1_BAD, "longer", 0, ""},
    {"LF after data", IN("1\r\na\n0\r\n\r\n"), HTTP1_BAD, "longer", 0, ""},
    {"CR after data", IN("1\r\na\r0\r\n\r\n"), HTTP1_BAD, "bare CR", 0, ""},
    {"empty extension", IN("1;\r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"blanks around semicolon", IN("1 \t;\t a\r\na\r\n0 ;a\r\n\r\n"), HTTP1_DONE, "a", 0, ""},
    {"blanks around equals", IN("1;a \t=\t b\r\na\r\n0;a = \"b\"\r\n\r\n"), HTTP1_DONE, "a", 0, ""},
    {"blanks between extensions", IN("1;a ; b=c ; d=\"e\" ;f\r\na\r\n0\r\n\r\n"), HTTP1_DONE, "a",
     0, ""},
    {"blank and LF after size", IN("1 \na\r\n"), HTTP1_BAD, "bare LF", 0, ""},
    {"blank inside a size", IN("1 1\r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"blank after a name", IN("1;a \r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"blank inside a name", IN("1;a b\r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"blank after a value", IN("1;a=b \r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"blank after quotes", IN("1;a=\"b\" \r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"blank and no name", IN("1; \r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"blank and no value", IN("1;a= \r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"blank before a second value", IN("1;a=b =c\r\na\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"long row of blanks",
     IN("1 ;"
        "                                " X256 X256 X256 X256 "\r\n"),
     HTTP1_BAD, "too long", 0, ""},
    {"extension without value", IN("1;a=\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"text after quotes", IN("1;a=\"b\"c\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"quotes inside a token", IN("1;a=b\"c\"\r\n"), HTTP1_BAD, "extension", 0, ""},
    {"LF in quotes", IN("1;a=\"b\nc\"\r\n"), HTTP1_BAD, "control", 0, ""},
    {"escaped LF in quotes", IN("1;a=\"b\\\nc\"\r\n"), HTTP1_BAD, "control", 0, ""},
    {"LF ends an extension", IN("1;a\na\r\n"), HTTP1_BAD, "bare LF", 0, ""},
    {"bare CR in an extension", IN("1;a\rb\r\n"), HTTP1_BAD, "bare CR", 0, ""},
    {"long extension", IN("1;" X256 X256 X256 X256 "\r\n"), HTTP1_BAD, "too long", 0, ""},
    {"bare LF at the end", IN("0\r\n\n"), HTTP1_BAD, "trailer", 0, ""},
    {"bare CR at the end", IN("0\r\n\rx"), HTTP1_BAD, "bare CR", 0, ""},
    {"junk instead of trailers", IN("0\r\n(x)\r\n\r\n"), HTTP1_BAD, "trailer", 0, ""},
    {"trailer without colon", IN("0\r\nabc\r\n\r\n"), HTTP1_BAD, "trailer", 0, ""},
    {"trailer with empty name", IN("0\r\n: a\r\n\r\n"), HTTP1_BAD, "trailer", 0, ""},
    {"trailer with blank in name", IN("0\r\na : b\r\n\r\n"), HTTP1_BAD, "trailer", 0, ""},
    {"folded trailer", IN("0\r\na: b\r\n c\r\n\r\n"), HTTP1_BAD, "trailer", 0, ""},
    {"NUL in trailer", IN("0\r\na: b\0c\r\n\r\n"), HTTP1_BAD, "control", 0, ""},
    {"bare LF in trailer", IN("0\r\na: b\n\r\n"), HTTP1_BAD, "bare LF", 0, ""},
    {"bare CR in trailer", IN("0\r\na: b\rc\r\n\r\n"), HTTP1_BAD, "bare CR", 0, ""},
};

struct outcome {
    enum http1_result result;
    struct buf body, trailers;
    size_t left;
    const char *reason;
};

/* Feeds one piece; false when the body has ended, one way or the other. */
static bool feed(struct http1_body *b, struct slice *in, struct outcome *o, struct header_list *l,
                 struct pool *pool)
{
    struct slice data;

    do {
        size_t before = in->n;
        o->result = http1_body_decode(b, in, &data, l, pool);
        if (o->result != HTTP1_BAD)
            buf_add_slice(&o->body, data);
        if (o->result == HTTP1_MORE && in->n == before && before > 0)
            fail_msg("no progress");
    } while (o->result == HTTP1_MORE && in->n > 0);
    return o->result == HTTP1_MORE;
}

/* Decodes with cuts after `first` bytes and then every `step` bytes; each piece has memory of its
 * own. */
static struct outcome decode(const struct body_case *c, size_t first, size_t step)
{
    struct outcome o = {.body = BUF_EMPTY, .trailers = BUF_EMPTY};
    struct header_list l = {NULL, 0, 0};
    struct http1_body b;
    struct pool pool;
    size_t at = 0, n = first;

    pool_init(&pool, NULL, 0);
    http1_body_init(&b, HTTP1_BODY_CHUNKED, 0);
    while (at < c->n) {
        char *piece;
        struct slice in;
        bool is_open;
        n = MIN(n, c->n - at);
        piece = malloc(n);
        memcpy(piece, c->in + at, n);
        in = slice_of(piece, n);
        is_open = feed(&b, &in, &o, &l, &pool);
        at += n - in.n;
        n = step;
        free(piece);
        if (!is_open)
            break;
    }
    for (unsigned i = 0; i < l.n; i++)
        buf_printf(&o.trailers, SLICE_FMT "=" SLICE_FMT ";", SLICE_ARG(l.fields[i].name),
                   SLICE_ARG(l.fields[i].value));
    o.left = c->n - at;
    o.reason = b.reason;
    pool_reset(&pool);
    return o;
}

static void check(const struct body_case *c, size_t first, size_t step)
{
    struct outcome o = decode(c, first, step);

    if (o.result != c->result)
        fail_msg("%s (%zu, %zu): result %d, %s", c->name, first, step, o.result,
                 o.reason ? o.reason : "");
    if (o.result == HTTP1_BAD) {
        if (!strstr(o.reason, c->body))
            fail_msg("%s: %s", c->name, o.reason);
    } else {
        if (!slice_eq(buf_slice(&o.body), slice_str(c->body)))
            fail_msg("%s (%zu, %zu): body %.*s", c->name, first, step, (int)o.body.n, o.body.p);
        if (!slice_eq(buf_slice(&o.trailers), slice_str(c->trailers)))
            fail_msg("%s: trailers %.*s", c->name, (int)o.trailers.n, o.trailers.p);
        assert_int_equal(o.left, c->left);
    }
    buf_free(&o.body);
    buf_free(&o.trailers);
}

static void test_chunked(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        check(&cases[i], cases[i].n, 1);
        check(&cases[i], 1, 1);
        check(&cases[i], 2, 3);
        for (size_t cut = 1; cut < cases[i].n; cut++)
            check(&cases[i], cut, cases[i].n);
    }
}

static void test_trailers_dropped_and_capped(void **state)
{
    struct header_list l = {NULL, 0, 0};
    struct slice in = SLICE("0\r\nA: b\r\n\r\n"), data;
    struct http1_body b;
    struct pool pool;
    char big[9000];

    (void)state;
    pool_init(&pool, NULL, 0);
    http1_body_init(&b, HTTP1_BODY_CHUNKED, 0);
    assert_int_equal(http1_body_decode(&b, &in, &data, NULL, NULL), HTTP1_DONE);
    for (int is_kept = 0; is_kept < 2; is_kept++) {
        memset(big, 'a', sizeof big);
        memcpy(big, "0\r\nA:", 5);
        in = slice_of(big, sizeof big);
        http1_body_init(&b, HTTP1_BODY_CHUNKED, 0);
        assert_int_equal(http1_body_decode(&b, &in, &data, is_kept ? &l : NULL, &pool), HTTP1_BAD);
        assert_string_equal(b.reason, "trailer too large");
        assert_int_equal(http1_body_decode(&b, &in, &data, is_kept ? &l : NULL, &pool), HTTP1_BAD);
    }
    pool_reset(&pool);
}

static void test_counted(void **state)
{
    struct http1_body b;
    struct slice in = SLICE("abcdef"), data;

    (void)state;
    http1_body_init(&b, HTTP1_BODY_NONE, 5);
    assert_int_equal(http1_body_decode(&b, &in, &data, NULL, NULL), HTTP1_DONE);
    assert_int_equal(in.n, 6);
    http1_body_init(&b, HTTP1_BODY_LENGTH, 0);
    assert_int_equal(http1_body_decode(&b, &in, &data, NULL, NULL), HTTP1_DONE);
    assert_int_equal(data.n, 0);
    http1_body_init(&b, HTTP1_BODY_LENGTH, 8);
    assert_int_equal(http1_body_decode(&b, &in, &data, NULL, NULL), HTTP1_MORE);
    assert_int_equal(data.n, 6);
    in = SLICE("ghij");
    assert_int_equal(http1_body_decode(&b, &in, &data, NULL, NULL), HTTP1_DONE);
    assert_true(slice_eq(data, SLICE("gh")));
    assert_true(slice_eq(in, SLICE("ij")));
    http1_body_init(&b, HTTP1_BODY_EOF, 0);
    assert_int_equal(http1_body_decode(&b, &in, &data, NULL, NULL), HTTP1_MORE);
    assert_true(slice_eq(data, SLICE("ij")));
    assert_int_equal(in.n, 0);
    in = slice_of(NULL, 0);
    assert_int_equal(http1_body_decode(&b, &in, &data, NULL, NULL), HTTP1_MORE);
    http1_body_init(&b, HTTP1_BODY_LENGTH, 1);
    assert_int_equal(http1_body_decode(&b, &in, &data, NULL, NULL), HTTP1_MORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunked),
        cmocka_unit_test(test_trailers_dropped_and_capped),
        cmocka_unit_test(test_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
