/* Answers: how long they may be kept. */
#include "net/dns/dns_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

/* An answer of `count` records of which `there` are there: A of "a.", a minute and more. */
static struct dns_answer *make(unsigned count, unsigned there)
{
    struct buf b = BUF_EMPTY;
    struct dns_answer *a;
    char counted[2] = {0, (char)count};

    buf_add(&b, "\0\1\x81\x80\0\1", 6);
    buf_add(&b, counted, 2);
    buf_add(&b, "\0\0\0\0\1a\0\0\1\0\1", 11);
    for (unsigned i = 0; i < there; i++) {
        char ttl[4] = {0, 0, 0, (char)(60 + i)};

        buf_add(&b, "\xc0\x0c\0\1\0\1", 6);
        buf_add(&b, ttl, 4);
        buf_add(&b, "\0\4\x7f\0\0\1", 6);
    }
    a = dns_answer_new(NULL, buf_slice(&b));
    buf_free(&b);
    return a;
}

static void keeps_for_the_shortest(void **state)
{
    struct dns_answer *a = make(3, 3);
    uint32_t ttl = 0;

    (void)state;
    assert_true(dns_answer_ttl(a, &ttl));
    assert_int_equal(ttl, 60);
    dns_answer_unref(&a);
}

/* What is there is not the answer: nobody may go on with it for a minute. */
static void keeps_none_that_is_cut_short(void **state)
{
    struct dns_answer *a = make(3, 2);
    uint32_t ttl = 0;

    (void)state;
    assert_false(dns_answer_ttl(a, &ttl));
    dns_answer_unref(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_for_the_shortest),
        cmocka_unit_test(keeps_none_that_is_cut_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
