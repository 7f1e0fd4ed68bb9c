#include "config/absent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"

static void test_names(void **state)
{
    static const char *const known[] = {
        "geoip_country",
        "geoip2",
        "perl_set",
        "perl",
        "image_filter",
        "xslt_stylesheet",
        "mp4",
        "http3",
        "quic_gso",
        "mail",
        "js_content",
        "ssi",
        "ssi_types",
        "fancyindex",
        "flv",
        "api",
        "mp4_buffer_size",
        "srcache_fetch",
        "redis2_query",
        "set_form_input_multi",
        "charset_map",
        "ssl_ocsp",
        "ssl",
        "dav_ext_methods",
        "auth_jwt_key_file",
        "check_http_send",
        "//",
        "/*",
        "--note",
    };
    static const char *const unknown[] = {"",    "*",    "flv_x", "apis",  "perlite",
                                          "geo", "quic", "ss",    "redis", "charset_mapx"};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        assert_non_null(absent_advice(slice_str(known[i])));
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        assert_null(absent_advice(slice_str(unknown[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
