/* Keys that change by the hour, forward only. */
#include "net/tls/tls_tickets.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_hours(void **state)
{
    struct tls_ticket_key first, second;

    UNUSED(state);
    clock_update();
    tls_tickets_renew();
    first = tls_tickets_keys()[0];
    assert_int_equal(first.size, 32);
    tls_tickets_start(); /* there is a secret already */
    tls_tickets_renew();
    assert_memory_equal(&first, tls_tickets_keys(), sizeof(first));
    tickets.hour--;
    tls_tickets_renew();
    second = tls_tickets_keys()[0];
    assert_memory_equal(&first, &tls_tickets_keys()[1], sizeof(first));
    assert_memory_not_equal(first.name, second.name, sizeof(first.name));
    assert_memory_not_equal(first.aes, second.aes, sizeof(first.aes));
    tickets.hour -= 2;
    tls_tickets_renew();
    assert_memory_not_equal(&first, &tls_tickets_keys()[1], sizeof(first));
    assert_memory_not_equal(&second, &tls_tickets_keys()[1], sizeof(first));
}

/* Two processes with one secret, the second of which looks at the clock later. */
static void test_same_keys_in_children(void **state)
{
    struct tls_ticket_key in_child;
    unsigned char secret[SECRET];

    UNUSED(state);
    memcpy(secret, tickets.secret, SECRET);
    tickets.hour -= 3;
    tls_tickets_renew();
    in_child = tls_tickets_keys()[0];
    memcpy(tickets.secret, secret, SECRET);
    tickets.hour -= 3;
    step();
    tls_tickets_renew();
    assert_memory_equal(&in_child, tls_tickets_keys(), sizeof(in_child));
}

static void test_long_sleep(void **state)
{
    UNUSED(state);
    tickets.hour = 1;
    tls_tickets_renew();
    assert_int_equal(tickets.hour, hour_now());
}

static void test_files(void **state)
{
    char bytes[81];
    struct tls_ticket_key key;

    UNUSED(state);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    assert_null(tls_tickets_read(slice_of(bytes, 80), &key));
    assert_int_equal(key.name[15], 15);
    assert_int_equal(key.hmac[0], 16);
    assert_int_equal(key.aes[0], 48);
    assert_int_equal(key.size, 32);
    assert_null(tls_tickets_read(slice_of(bytes, 48), &key));
    assert_int_equal(key.aes[0], 32);
    assert_int_equal(key.size, 16);
    assert_ptr_equal(tls_tickets_read(slice_of(bytes, 81), &key), &err_invalid);
    assert_ptr_equal(tls_tickets_read(slice_of(bytes, 0), &key), &err_invalid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_same_keys_in_children),
        cmocka_unit_test(test_long_sleep),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
