#include "../world.h"

#include "app/variables/map_block.h"

static struct script *compile(struct world *w, const char *text)
{
    struct script *s;
    struct slice why;

    assert_true(script_compile(&w->conf.variables, slice_str(text), &s, &why));
    return s;
}

static struct map_block *define(struct world *w, const char *source, const char *name)
{
    struct map_block *m = map_block_new(&w->conf, &w->conf.variables, compile(w, source));

    assert_non_null(variable_define_getter(&w->conf.variables, slice_str(name), map_block_get, m));
    return m;
}

static void add(struct world *w, struct map_block *m, const char *key, const char *value)
{
    struct slice why;

    assert_true(map_block_add(m, slice_str(key), compile(w, value), &why));
}

static void test_order(void **state)
{
    static const struct {
        const char *host, *expected;
    } cases[] = {
        {"a.org", "exact"},    {"A.ORG", "exact"},  {"a.org.", "exact"}, {"x.a.org", "head"},
        {"x.y.a.org", "deep"}, {"d.org", "dot"},    {"s.d.org", "dot"},  {"www.com", "tail"},
        {"re12", "12"},        {"RE12", "default"}, {"IC", "ic"},        {"default", "literal"},
        {".a.org", "default"},
    };
    struct world w;
    struct map_block *m;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_init(&w);
        m = define(&w, "$host", "m");
        map_block_take_hostnames(m);
        add(&w, m, "~^re(?<digits>\\d+)$", "$digits");
        add(&w, m, "~*^ic", "ic");
        add(&w, m, "default", "default");
        add(&w, m, "\\default", "literal");
        add(&w, m, "a.org", "exact");
        add(&w, m, "*.a.org", "head");
        add(&w, m, "*.y.a.org", "deep");
        add(&w, m, ".d.org", "dot");
        add(&w, m, "www.*", "tail");
        world_begin_visit(&w);
        w.x.req.host = slice_str(cases[i].host);
        world_check(&w, &(struct world_case){"m", cases[i].expected}, 1);
        world_end(&w);
    }
}

static void test_cache(void **state)
{
    struct world w;
    struct map_block *once, *always;

    UNUSED(state);
    world_init(&w);
    once = define(&w, "$arg_x", "once");
    always = define(&w, "$arg_x", "always");
    map_block_set_volatile(always);
    add(&w, once, "1", "one");
    add(&w, always, "1", "one");
    world_begin_visit(&w);
    assert_string_equal(world_get(&w, "once"), "one");
    assert_string_equal(world_get(&w, "always"), "one");
    w.x.req.query = SLICE("x=2");
    assert_string_equal(world_get(&w, "once"), "one");
    assert_string_equal(world_get(&w, "always"), "");
    world_end(&w);
}

static void test_cycle_ends(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    add(&w, define(&w, "$b", "a"), "default", "a$b");
    add(&w, define(&w, "$a", "b"), "default", "b$a");
    world_begin_visit(&w);
    assert_string_equal(world_get(&w, "a"), "ab");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_cycle_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
