/* What readers of -v and -V look for. */
#include "proc/version.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/product.h"

static void assert_matches(const char *text, const char *pattern)
{
    regex_t re;

    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
    assert_int_equal(regexec(&re, text, 0, NULL, 0), 0);
    regfree(&re);
}

static void a_stand_in_goes_by_the_name(void **state)
{
    struct buf text = BUF_EMPTY;

    (void)state;
    product_init("/usr/sbin/nginx");
    version_text(false, &text);
    assert_matches(buf_cstr(&text), "^nginx version: nginx/1\\.31\\.2 \\(perilune [0-9.]+\\)\n$");
    product_init("perilune");
    buf_free(&text);
}

static void nginxs_version_is_behind_the_first_slash(void **state)
{
    struct buf text = BUF_EMPTY;

    (void)state;
    version_text(false, &text);
    assert_matches(buf_cstr(&text), "^nginx version: [^/]*/1\\.31\\.2\\)\n$");
    buf_free(&text);
}

static void build_tells_libraries_and_modules(void **state)
{
    struct buf text = BUF_EMPTY;

    (void)state;
    version_text(true, &text);
    assert_matches(buf_cstr(&text), "built with OpenSSL [0-9]+\\.[0-9]+\\.[0-9]+");
    assert_matches(buf_cstr(&text), "configure arguments: .*--with-http_v2_module");
    assert_null(strstr(buf_cstr(&text), "without"));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stand_in_goes_by_the_name),
        cmocka_unit_test(nginxs_version_is_behind_the_first_slash),
        cmocka_unit_test(build_tells_libraries_and_modules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
