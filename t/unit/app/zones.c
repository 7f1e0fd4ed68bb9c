/* Zones by kind and name, over configurations. */
#include "loaded.h"

#include "app/zones.h"

static struct zone_conf *declare(struct app_conf *conf, const char *kind, size_t size,
                                 struct config_error *e)
{
    static const struct config_node node = {.file = "x", .line = 7};

    return zones_declare(conf, kind, SLICE("z"), size, &node, e);
}

static void test_names(void **state)
{
    struct app_conf *conf = loaded(IN_HTTP(""));
    struct config_error e;
    struct zone_conf *z = declare(conf, "a", 10000, &e);

    UNUSED(state);
    assert_non_null(z);
    assert_ptr_equal(declare(conf, "a", 10000, &e), z);
    assert_null(declare(conf, "b", 10000, &e));
    assert_string_equal(e.message,
                        "the shared memory zone \"z\" is already declared for a different use");
    assert_null(declare(conf, "a", 10001, &e));
    assert_null(declare(conf, "a", 100, &e));
    assert_int_equal(conf->n_zones, 1);
    conf_free(&conf);
}

static void test_kept(void **state)
{
    struct app_conf *old = loaded(IN_HTTP("")), *same = loaded(IN_HTTP("")),
                    *larger = loaded(IN_HTTP(""));
    struct dict_item item = {.type = DICT_NUMBER, .number = 5};
    struct config_error e;
    struct zone_conf *a = declare(old, "a", 10000, &e), *b = declare(same, "a", 10000, &e),
                     *c = declare(larger, "a", 20000, &e);

    UNUSED(state);
    zones_open(old, NULL);
    dict_store(a->dict, SLICE("k"), &item, DICT_SET);
    zones_open(same, old);
    zones_open(larger, old);
    conf_free(&old);
    assert_int_equal(dict_get(b->dict, SLICE("k"), &item), DICT_OK);
    dict_delete(b->dict, SLICE("k"));
    conf_free(&same);
    assert_int_equal(dict_get(c->dict, SLICE("k"), &item), DICT_OK);
    conf_free(&larger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_kept),
    };

    return LOADED_MAIN(tests);
}
