/* Hosts files: what is read, and that a changed file is read anew. */
#include "net/dns/dns_hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

static char path[] = "/tmp/hosts-XXXXXX";

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void assert_found(struct dns_hosts *h, const char *name, const char *want)
{
    struct addr_list l = ADDR_LIST_EMPTY;
    struct buf got = BUF_EMPTY;

    dns_hosts_find(h, slice_str(name), &l);
    for (unsigned i = 0; i < l.n; i++) {
        addr_format_host(&l.items[i], &got);
        buf_add_char(&got, ' ');
    }
    assert_string_equal(buf_cstr(&got), want);
    buf_free(&got);
    addr_list_free(&l);
}

static void test_find(void **state)
{
    struct dns_hosts *h = dns_hosts_new(path);
    struct addr a;

    UNUSED(state);
    write_file("# comment\n"
               "10.0.0.1\tdb db.example # the database\r\n"
               "  ::1   db\n"
               "10.0.0.2 db other\n"
               "10.0.0.3\n"
               "999.0.0.1 bad\n"
               "bad 10.0.0.4\n"
               "\n"
               "10.0.0.9 last");
    assert_found(h, "db", "10.0.0.1 ::1 10.0.0.2 ");
    assert_found(h, "DB.example", "10.0.0.1 ");
    assert_found(h, "last", "10.0.0.9 ");
    assert_found(h, "bad", "");
    assert_found(h, "comment", "");
    assert_null(addr_parse(SLICE("10.0.0.1:443"), 0, &a));
    assert_true(slice_eq(dns_hosts_name(h, &a), SLICE("db")));
    assert_null(addr_parse(SLICE("10.0.0.3"), 0, &a));
    assert_null(dns_hosts_name(h, &a).p);
    dns_hosts_free(&h);
    assert_null(h);
}

static void test_change(void **state)
{
    struct dns_hosts *h = dns_hosts_new(path);

    UNUSED(state);
    write_file("10.0.0.1 a\n");
    assert_found(h, "a", "10.0.0.1 ");
    write_file("10.0.0.25 a\n");
    assert_found(h, "a", "10.0.0.1 "); /* not looked at again within the second */
    usleep(1001000);
    clock_update();
    assert_found(h, "a", "10.0.0.25 ");
    dns_hosts_free(&h);
    h = dns_hosts_new("/nonexistent/hosts");
    assert_found(h, "a", "");
    dns_hosts_free(&h);
}

static int set_up(void **state)
{
    UNUSED(state);
    clock_update();
    close(mkstemp(path));
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find), cmocka_unit_test(test_change)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
