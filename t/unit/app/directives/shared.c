#include "../loaded.h"

#include "app/zones.h"

static void test_declares(void **state)
{
    struct app_conf *conf = loaded(IN_HTTP("lua_shared_dict dogs 10m; lua_shared_dict cats 8k;"));

    UNUSED(state);
    assert_int_equal(conf->n_zones, 2);
    assert_int_equal(zones_find(conf, "lua_shared_dict", SLICE("dogs"))->size, 10 << 20);
    assert_null(zones_find(conf, "lua_shared_dict", SLICE("birds")));
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"lua_shared_dict dogs 8191;", "invalid lua shared dict size \"8191\" in code:1"},
        {"lua_shared_dict \"\" 1m;", "invalid lua shared dict name \"\" in code:1"},
        {"lua_shared_dict dogs 1m; lua_shared_dict dogs 2m;",
         "lua_shared_dict \"dogs\" is already defined as \"dogs\" in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_declares),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
