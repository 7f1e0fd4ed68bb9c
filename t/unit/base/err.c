/* Error constants: complete, distinct, and what errno values become. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static const struct err *const all[] = {
    &err_closed,         &err_reset,      &err_refused,        &err_timeout,
    &err_cancelled,      &err_truncated,  &err_protocol,       &err_too_large,
    &err_busy,           &err_not_found,  &err_denied,         &err_exists,
    &err_address_in_use, &err_no_address, &err_unreachable,    &err_no_resources,
    &err_invalid,        &err_io,         &err_name_not_found, &err_name_server,
    &err_unsupported,
};

static void test_codes_are_distinct(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_true(all[i]->code[0] && all[i]->message[0]);
        assert_int_equal(strspn(all[i]->code, "abcdefghijklmnopqrstuvwxyz_"), strlen(all[i]->code));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all[i]->code, all[k]->code);
    }
}

static void test_errno(void **state)
{
    static const struct {
        int errnum;
        const struct err *want;
    } rows[] = {
        {0, &err_io},
        {-1, &err_io},
        {123456, &err_io},
        {EIO, &err_io},
        {EPIPE, &err_closed},
        {ECONNRESET, &err_reset},
        {ECONNREFUSED, &err_refused},
        {ETIMEDOUT, &err_timeout},
        {ECANCELED, &err_cancelled},
        {EMSGSIZE, &err_too_large},
        {EFBIG, &err_too_large},
        {EBUSY, &err_busy},
        {ENOENT, &err_not_found},
        {EACCES, &err_denied},
        {EPERM, &err_denied},
        {EEXIST, &err_exists},
        {EADDRINUSE, &err_address_in_use},
        {EHOSTUNREACH, &err_unreachable},
        {ENETUNREACH, &err_unreachable},
        {EADDRNOTAVAIL, &err_no_address},
        {EMFILE, &err_no_resources},
        {ENOSPC, &err_no_resources},
        {EINVAL, &err_invalid},
        {EISDIR, &err_invalid},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_ptr_equal(err_from_errno(rows[i].errnum), rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_are_distinct),
        cmocka_unit_test(test_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
