#include "../loaded.h"

static void test_servers(void **state)
{
    struct app_conf *conf = loaded(IN_HTTP(
        "server { listen 80; server_name a *.b ''; server_name ~^c$; } server { listen 80; }"));
    const struct vhost *vh = conf->vhosts[0];

    UNUSED(state);
    assert_non_null(conf->http);
    assert_int_equal(conf->n_vhosts, 2);
    assert_int_equal(vh->n_names, 4);
    loaded_slice_is(vh->names[0], "a");
    loaded_slice_is(vh->names[2], "");
    loaded_slice_is(vh->names[3], "~^c$");
    assert_ptr_equal(vh->base->vhost, vh);
    assert_ptr_equal(vh->base->parent, conf->http);
    assert_int_equal(conf->vhosts[1]->n_names, 0);
    assert_int_equal(vh->place->line, 1);
    conf_free(&conf);
}

static void test_defaults(void **state)
{
    struct app_conf *conf = loaded("http { }");
    const struct location *l = conf->http;

    UNUSED(state);
    assert_non_null(l->access_logs);
    assert_non_null(l->access_logs->format);
    loaded_slice_is(l->default_type, "text/plain");
    loaded_slice_is(mime_find(l->types, SLICE("/x.HTML")), "text/html");
    assert_int_equal(l->http.header_timeout, 60000);
    assert_true(l->has_etag && l->merges_slashes && l->lua_code_cache && l->is_redirect_absolute);
    assert_ptr_equal(l->error_log, &conf->error_log);
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_defaults),
    };

    return LOADED_MAIN(tests);
}
