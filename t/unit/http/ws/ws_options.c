/* Options of WebSockets: the same ones are shared, others are not, and what nobody uses is freed.
 */
#include "http/ws/ws_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void shares(void **state)
{
    struct ws_options o = ws_options_default;
    const struct ws_options *a, *b, *c;

    (void)state;
    a = ws_options_share(&o);
    b = ws_options_share(&o);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, &o);
    o.watermark++;
    c = ws_options_share(&o);
    assert_ptr_not_equal(c, a);
    assert_int_equal(c->watermark, a->watermark + 1);
    ws_options_release(&a);
    assert_null(a);
    assert_int_equal(b->watermark, ws_options_default.watermark);
    ws_options_release(&c);
    o = *b;
    o.heartbeat[0] = 'H';
    c = ws_options_share(&o);
    assert_ptr_not_equal(c, b);
    ws_options_release(&b);
    ws_options_release(&c);
}

/* However many there are, one that was used lately is found. */
static void bounds_its_search(void **state)
{
    struct ws_options o = ws_options_default;
    const struct ws_options *all[100], *again;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        o.max_message = i;
        all[i] = ws_options_share(&o);
    }
    again = ws_options_share(&o);
    assert_ptr_equal(again, all[99]);
    o.max_message = 0;
    ws_options_release(&again);
    again = ws_options_share(&o);
    assert_ptr_not_equal(again, all[0]);
    ws_options_release(&again);
    for (unsigned i = 0; i < 100; i++)
        ws_options_release(&all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares),
        cmocka_unit_test(bounds_its_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
