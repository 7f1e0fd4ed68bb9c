#include "../loaded.h"

#include "app/directives/directives.h"

/* What a block says after a nested block holds in the nested block as well. */
static void test_two_passes(void **state)
{
    struct app_conf *conf = loaded(
        IN_SERVER("location /a { location /a/b { } default_type a/a; } client_max_body_size 7;"));
    struct location *a = loaded_location(conf, 0), *b = a->children[0];

    UNUSED(state);
    loaded_slice_is(a->default_type, "a/a");
    loaded_slice_is(b->default_type, "a/a");
    assert_int_equal(a->http.max_body_size, 7);
    assert_int_equal(b->http.max_body_size, 7);
    conf_free(&conf);
}

static void test_inherited_steps(void **state)
{
    struct app_conf *conf = loaded(IN_HTTP(
        "access_by_lua 'x()'; rewrite_by_lua 'y()'; server { listen 80; set $a 1; location / { "
        "internal; set $b 2; content_by_lua 'z()'; location /n { } location /m { access_by_lua "
        "'w()'; } } }"));
    struct location *server = loaded_server(conf), *l = server->children[0], *n = l->children[0];

    UNUSED(state);
    assert_int_equal(server->steps[PHASE_SERVER_REWRITE].n, 1);
    assert_int_equal(server->steps[PHASE_REWRITE].n, 1);
    assert_int_equal(l->steps[PHASE_REWRITE].n, 2);
    assert_int_equal(l->steps[PHASE_CONTENT].n, 1);
    assert_true(l->is_internal);
    assert_int_equal(n->steps[PHASE_REWRITE].n, 1);
    assert_int_equal(n->steps[PHASE_CONTENT].n, 0);
    assert_int_equal(n->steps[PHASE_ACCESS].n, 1);
    assert_true(n->is_internal);
    assert_ptr_equal(n->steps[PHASE_ACCESS].steps, l->steps[PHASE_ACCESS].steps);
    assert_int_equal(l->children[1]->steps[PHASE_ACCESS].n, 1);
    assert_ptr_not_equal(l->children[1]->steps[PHASE_ACCESS].steps, l->steps[PHASE_ACCESS].steps);
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_passes),
        cmocka_unit_test(test_inherited_steps),
    };

    return LOADED_MAIN(tests);
}
