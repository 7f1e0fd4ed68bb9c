/* The defaults are what the header says. */
#include "http/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void defaults(void **state)
{
    const struct http_settings *s = &http_settings_default;

    (void)state;
    assert_int_equal(s->header_timeout, 60000);
    assert_int_equal(s->body_timeout, 60000);
    assert_int_equal(s->send_timeout, 60000);
    assert_int_equal(s->keepalive_timeout, 75000);
    assert_int_equal(s->keepalive_min_timeout, 200);
    assert_int_equal(s->lingering_timeout, 5000);
    assert_int_equal(s->lingering_time, 30000);
    assert_int_equal(s->lingering, LINGERING_ON);
    assert_int_equal(s->max_body_size, 1048576);
    assert_int_equal(s->body_buffer_size, 16384);
    assert_int_equal(s->header_line, 8192);
    assert_int_equal(s->header_block, 32768);
    assert_int_equal(s->header_count, 1000);
    assert_int_equal(s->keepalive_requests, 1000);
    assert_int_equal(s->send_watermark, 65536);
    assert_non_null(s->temp_path);
    assert_false(s->does_check_abort);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(defaults)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
