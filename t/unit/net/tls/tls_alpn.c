/* Lists of protocols as text and as ALPN carries them. */
#include "net/tls/tls_alpn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_lists(void **state)
{
    static const struct {
        const char *text, *wire; /* NULL: refused */
    } cases[] = {
        {"h2,http/1.1", "\x02h2\x08http/1.1"},
        {" h2 , x", "\x02h2\x01x"},
        {"", NULL},
        {"h2,", NULL},
        {",h2", NULL},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf wire = BUF_EMPTY;
        bool is_fine = tls_alpn_encode(slice_str(cases[i].text), &wire);

        assert_int_equal(is_fine, cases[i].wire != NULL);
        if (is_fine)
            assert_string_equal(buf_cstr(&wire), cases[i].wire);
        buf_free(&wire);
    }
}

static void test_long_name(void **state)
{
    static char name[256];
    struct buf wire = BUF_EMPTY;

    UNUSED(state);
    memset(name, 'a', sizeof(name));
    assert_false(tls_alpn_encode(slice_of(name, 256), &wire));
    assert_true(tls_alpn_encode(slice_of(name, 255), &wire));
    assert_int_equal(wire.n, 256);
    buf_free(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_long_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
