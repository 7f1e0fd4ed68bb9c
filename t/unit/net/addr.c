/* Addresses: what is read, how it is written back, what is equal. */
#include "net/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

static void assert_text(void (*format)(const struct addr *a, struct buf *out), const struct addr *a,
                        const char *want)
{
    struct buf b = BUF_EMPTY;

    format(a, &b);
    assert_string_equal(buf_cstr(&b), want);
    buf_free(&b);
}

static void test_parse(void **state)
{
    static const struct {
        const char *text, *want, *host;
        int port;
    } rows[] = {
        {"80", "0.0.0.0:80", "0.0.0.0", 80},
        {"0", "0.0.0.0:0", "0.0.0.0", 0},
        {"65535", "0.0.0.0:65535", "0.0.0.0", 65535},
        {"*", "0.0.0.0:7", "0.0.0.0", 7},
        {"*:8080", "0.0.0.0:8080", "0.0.0.0", 8080},
        {"127.0.0.1", "127.0.0.1:7", "127.0.0.1", 7},
        {"127.0.0.1:81", "127.0.0.1:81", "127.0.0.1", 81},
        {"255.255.255.255:1", "255.255.255.255:1", "255.255.255.255", 1},
        {"localhost", "127.0.0.1:7", "127.0.0.1", 7},
        {"LocalHost:99", "127.0.0.1:99", "127.0.0.1", 99},
        {"[::]", "[::]:7", "::", 7},
        {"[::1]:80", "[::1]:80", "::1", 80},
        {"[2001:DB8::1]:443", "[2001:db8::1]:443", "2001:db8::1", 443},
        {"[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]:7", "::ffff:1.2.3.4", 7},
        {"unix:/tmp/x.sock", "unix:/tmp/x.sock", "unix:", 0},
        {"unix:rel:ative", "unix:rel:ative", "unix:", 0},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct addr a;

        assert_null(addr_parse(slice_str(rows[i].text), 7, &a));
        assert_text(addr_format, &a, rows[i].want);
        assert_text(addr_format_host, &a, rows[i].host);
        assert_int_equal(addr_port(&a), rows[i].port);
        assert_int_equal(addr_is_unix(&a), rows[i].text[0] == 'u');
    }
}

static void test_literals(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: not one */
    } rows[] = {
        {"10.0.0.1", "10.0.0.1"},
        {"::1", "::1"},
        {"[::1]", "::1"},
        {"fe80::1%lo", "fe80::1"},
        {"10.1", NULL},
        {"0x7f.0.0.1", NULL},
        {"1.2.3.4%lo", NULL},
        {"fe80::1%nosuch", NULL},
        {"[]", NULL},
        {"", NULL},
        {"[::1", NULL},
        {"fe80::1%", NULL},
        {"10.0.0.1:80", NULL},
        {"localhost", NULL},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct addr a;

        assert_int_equal(addr_literal(slice_str(rows[i].text), &a), rows[i].want != NULL);
        if (rows[i].want)
            assert_text(addr_format_host, &a, rows[i].want);
    }
}

static void test_malformed(void **state)
{
    static const struct slice rows[] = {
        SLICE(""),
        SLICE(":"),
        SLICE(":80"),
        SLICE("65536"),
        SLICE("99999999999999999999"),
        SLICE("1.2.3"),
        SLICE("1.2.3.4:"),
        SLICE("1.2.3.256"),
        SLICE("1.2.3.4:x"),
        SLICE("1.2.3.4:-1"),
        SLICE("[::1"),
        SLICE("[]"),
        SLICE("[::1]80"),
        SLICE("[::1]:"),
        SLICE("[::1]:65536"),
        SLICE("[1.2.3.4]"),
        SLICE("::1"),
        SLICE("::1:80"),
        SLICE("example.com"),
        SLICE("host:80"),
        SLICE("unix:"),
        SLICE("unix:/a\0b"),
        SLICE(" 80"),
        SLICE("80 "),
        SLICE("1.2.3.4\0:80"),
        SLICE("*:"),
        SLICE("localhost:a"),
        SLICE("+80"),
        SLICE("**"),
        SLICE("[::1\0]"),
    };
    char path[200] = "unix:/";
    struct addr a;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_ptr_equal(addr_parse(rows[i], 7, &a), &err_invalid);
    memset(path + 6, 'x', sizeof(path) - 6);
    assert_null(addr_parse(slice_of(path, 5 + 107), 0, &a));
    assert_text(addr_format_host, &a, "unix:");
    assert_ptr_equal(addr_parse(slice_of(path, 5 + 108), 0, &a), &err_invalid);
    assert_ptr_equal(addr_of_path(SLICE_EMPTY, &a), &err_invalid);
    assert_ptr_equal(addr_of_path(SLICE("/a\0b"), &a), &err_invalid);
    assert_null(addr_of_path(SLICE("/a"), &a));
    assert_text(addr_format, &a, "unix:/a");
}

static void test_eq(void **state)
{
    static const struct {
        const char *a, *b;
        bool want;
    } rows[] = {
        {"1.2.3.4:80", "1.2.3.4:80", true},   {"1.2.3.4:80", "1.2.3.4:81", false},
        {"1.2.3.4:80", "1.2.3.5:80", false},  {"*:80", "80", true},
        {"[::]:80", "*:80", false},           {"[::1]:80", "[0:0::1]:80", true},
        {"[::1]:80", "[::2]:80", false},      {"unix:/a", "unix:/a", true},
        {"unix:/a", "unix:/ab", false},       {"unix:/a", "1.2.3.4:0", false},
        {"localhost:1", "127.0.0.1:1", true},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct addr a, b;

        assert_null(addr_parse(slice_str(rows[i].a), 0, &a));
        assert_null(addr_parse(slice_str(rows[i].b), 0, &b));
        assert_int_equal(addr_eq(&a, &b), rows[i].want);
        assert_int_equal(addr_eq(&b, &a), rows[i].want);
    }
}

static void test_bytes(void **state)
{
    static const struct {
        const char *text;
        struct slice bytes;
    } rows[] = {
        {"1.2.3.4:80", SLICE("\1\2\3\4")},
        {"[102:304::ff]:80", SLICE("\1\2\3\4\0\0\0\0\0\0\0\0\0\0\0\377")},
        {"unix:/a", SLICE("")},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct addr a;

        assert_null(addr_parse(slice_str(rows[i].text), 0, &a));
        assert_true(slice_eq(addr_bytes(&a), rows[i].bytes));
    }
    assert_int_equal(addr_bytes(NULL).n, 0);
}

static void test_of_fd(void **state)
{
    int fds[2], fd = socket(AF_INET, SOCK_STREAM, 0);
    struct addr a, own;

    UNUSED(state);
    assert_null(addr_parse(SLICE("127.0.0.1:0"), 0, &a));
    assert_int_equal(bind(fd, &a.sa, a.len), 0);
    assert_null(addr_of_fd(fd, false, &own));
    assert_text(addr_format_host, &own, "127.0.0.1");
    assert_true(addr_port(&own) > 0);
    assert_ptr_equal(addr_of_fd(fd, true, &own), &err_closed); /* not connected */
    close(fd);
    assert_non_null(addr_of_fd(-1, false, &own));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_null(addr_of_fd(fds[0], true, &own));
    assert_text(addr_format, &own, "unix:");
    assert_text(addr_format_host, &own, "unix:");
    assert_true(addr_eq(&own, &own));
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),     cmocka_unit_test(test_literals),
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_eq),
        cmocka_unit_test(test_bytes),     cmocka_unit_test(test_of_fd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
