/* The name follows from how the program was started. */
#include "base/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_name_is_the_last_part_of_the_path(void **state)
{
    static const struct {
        const char *path, *name, *token, *family;
    } cases[] = {
        {"perilune", "perilune", "perilune/" PERILUNE_VERSION, "perilune"},
        {"/usr/sbin/nginx", "nginx", "nginx/" NGINX_VERSION, "nginx"},
        {"openresty", "openresty", "openresty/" NGINX_VERSION, "nginx"},
        {"/opt/nginx/sbin/server", "perilune", "perilune/" PERILUNE_VERSION, "perilune"},
        {"./nginx-debug", "perilune", "perilune/" PERILUNE_VERSION, "perilune"},
        {"nginx/", "perilune", "perilune/" PERILUNE_VERSION, "perilune"},
        {"", "perilune", "perilune/" PERILUNE_VERSION, "perilune"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        product_init(cases[i].path);
        assert_string_equal(product_name(), cases[i].name);
        assert_string_equal(product_token(), cases[i].token);
        assert_string_equal(product_family(), cases[i].family);
        assert_int_equal(product_is_stand_in(), strcmp(cases[i].name, "perilune") != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_is_the_last_part_of_the_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
