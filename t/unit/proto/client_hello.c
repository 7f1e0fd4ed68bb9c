/* ClientHellos: what is asked for, in pieces of every size, over several records, and what is none.
 */
#include "proto/client_hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/buf.h"

#define RANDOM "RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR"
#define BODY   "\3\3" RANDOM "\0\0\4\x13\1\xc0\x2f\1\0"
#define NAME                                                                                       \
    "\0\0\0\x13\0\x11\0\0\x0e"                                                                     \
    "db.example.org"
#define ALPN     "\0\x10\0\x0e\0\x0c\2h2\x08http/1.1"
#define VERSIONS "\0\x2b\0\7\6\x0a\x0a\3\4\3\3"
#define LIT(s)   ((struct slice){(s), sizeof(s) - 1})

/* A handshake message of this body. */
static void add_message(struct buf *b, struct slice body)
{
    buf_add_char(b, 1);
    buf_add_char(b, 0);
    buf_add_char(b, (char)(body.n >> 8));
    buf_add_char(b, (char)body.n);
    buf_add_slice(b, body);
}

static void add_record(struct buf *b, struct slice part)
{
    buf_add(b, "\x16\3\1", 3);
    buf_add_char(b, (char)(part.n >> 8));
    buf_add_char(b, (char)part.n);
    buf_add_slice(b, part);
}

/* Records of `cut` bytes at most with a hello of this body. */
static struct buf hello(struct slice body, size_t cut)
{
    struct buf message = BUF_EMPTY, out = BUF_EMPTY;

    add_message(&message, body);
    for (size_t at = 0; at < message.n; at += cut)
        add_record(&out, slice_of(message.p + at, MIN(cut, message.n - at)));
    buf_free(&message);
    return out;
}

static struct slice full(void)
{
    static char text[256];
    struct slice exts = LIT(NAME ALPN VERSIONS), body = LIT(BODY);

    memcpy(text, body.p, body.n);
    text[body.n] = 0;
    text[body.n + 1] = (char)exts.n;
    memcpy(text + body.n + 2, exts.p, exts.n);
    return slice_of(text, body.n + 2 + exts.n);
}

static void check_full(const struct client_hello *h)
{
    assert_int_equal(h->name_n, 14);
    assert_memory_equal(h->name, "db.example.org", 14);
    assert_int_equal(h->alpn_n, 11);
    assert_memory_equal(h->alpn, "h2,http/1.1", 11);
    assert_int_equal(h->version, 0x304);
}

/* Every beginning is not whole yet, in whatever records it comes. */
static void test_pieces(void **state)
{
    static const size_t cuts[] = {1, 3, 4, 5, 40, 1000};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        struct buf b = hello(full(), cuts[i]);
        struct client_hello h;

        for (size_t n = 0; n < b.n; n++)
            assert_int_equal(client_hello_read(slice_of(b.p, n), &h), CLIENT_HELLO_MORE);
        buf_add(&b, "more", 4);
        assert_int_equal(client_hello_read(buf_slice(&b), &h), CLIENT_HELLO_DONE);
        check_full(&h);
        buf_free(&b);
    }
}

static void test_old(void **state)
{
    struct buf b = hello(LIT(BODY), 1000);
    struct client_hello h;

    UNUSED(state);
    assert_int_equal(client_hello_read(buf_slice(&b), &h), CLIENT_HELLO_DONE);
    assert_int_equal(h.version, 0x303);
    assert_int_equal(h.name_n + h.alpn_n, 0);
    buf_free(&b);
}

static void test_none(void **state)
{
    static const struct slice texts[] = {
        {"GET / HTTP/1.1\r\n", 16},        {"\x16\2", 2}, {"\x16\3\1\0\0", 5}, /* an empty record */
        {"\x16\3\1\xff\xff\1", 6},   /* a record that is too long */
        {"\x16\3\1\0\4\2\0\0\0", 9}, /* a ServerHello */
        {"\x16\3\1\0\4\1\0\0\0", 9}, /* with nothing in it */
        {"\x16\3\1\0\4\1\xff\xff\xff", 9},
    };
    struct client_hello h;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_int_equal(client_hello_read(texts[i], &h), CLIENT_HELLO_NONE);
}

/* Lengths inside that lead beyond their part. */
static void test_broken(void **state)
{
    struct slice body = full();
    char *p = (char *)(uintptr_t)body.p;
    static const size_t at[] = {34, 36, 41, 44, 45, 48, 49};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        char before = p[at[i]];
        struct client_hello h;
        struct buf b;

        p[at[i]] = (char)0xff;
        b = hello(body, 1000);
        assert_int_not_equal(client_hello_read(buf_slice(&b), &h), CLIENT_HELLO_MORE);
        assert_true(h.name_n <= CLIENT_HELLO_NAME_MAX);
        buf_free(&b);
        p[at[i]] = before;
    }
}

static void test_names(void **state)
{
    UNUSED(state);
    assert_true(slice_eq(client_hello_version_name(0x304), SLICE("TLSv1.3")));
    assert_true(slice_eq(client_hello_version_name(0x300), SLICE("SSLv3")));
    assert_int_equal(client_hello_version_name(0x305).n, 0);
    assert_int_equal(client_hello_version_name(0).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_old),   cmocka_unit_test(test_none),
        cmocka_unit_test(test_broken), cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
