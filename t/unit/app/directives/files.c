#include "../loaded.h"

static void test_paths(void **state)
{
    struct app_conf *conf =
        loaded(IN_SERVER("root /srv/; location /a { root r; } location /b/ { alias /x/; location "
                         "/b/c { root /y; } } location /d { root $uri/x; }"));

    UNUSED(state);
    loaded_slice_is(script_constant(loaded_server(conf)->root), "/srv");
    loaded_slice_is(script_constant(loaded_location(conf, 0)->root), "./r");
    loaded_slice_is(script_constant(loaded_location(conf, 1)->alias), "/x/");
    assert_null(loaded_location(conf, 1)->children[0]->alias);
    assert_false(script_is_constant(loaded_location(conf, 2)->root));
    conf_free(&conf);
}

static void test_index(void **state)
{
    struct app_conf *conf = loaded(IN_HTTP(
        "index a b; index c; server { listen 80; location / { index d; } location /x { } }"));
    struct script **list = conf->http->index;

    UNUSED(state);
    loaded_slice_is(script_constant(list[0]), "a");
    loaded_slice_is(script_constant(list[2]), "c");
    assert_null(list[3]);
    list = loaded_location(conf, 0)->index;
    loaded_slice_is(script_constant(list[0]), "d");
    assert_null(list[1]);
    assert_ptr_equal(loaded_location(conf, 1)->index, conf->http->index);
    conf_free(&conf);
}

static void test_try_files(void **state)
{
    struct app_conf *conf = loaded(IN_SERVER("location / { try_files $uri /d/ =404; } location /a "
                                             "{ try_files /x /y/; location /a/b { } }"));
    const struct try_files *t = loaded_location(conf, 0)->try_files;

    UNUSED(state);
    assert_int_equal(t->n, 3);
    assert_true(!t->is_dir[0] && t->is_dir[1]);
    loaded_slice_is(script_constant(t->names[1]), "/d");
    assert_int_equal(t->fallback_status, 404);
    t = loaded_location(conf, 1)->try_files;
    assert_int_equal(t->fallback_status, 0);
    loaded_slice_is(script_constant(t->names[1]), "/y/");
    assert_null(loaded_location(conf, 1)->children[0]->try_files);
    assert_int_equal(loaded_location(conf, 1)->children[0]->steps[PHASE_PRECONTENT].n, 0);
    conf_free(&conf);
}

static void test_types(void **state)
{
    struct app_conf *conf = loaded(IN_HTTP(
        "types { text/x x1 X2; } types { text/y y; } server { listen 80; location / { types "
        "{ text/z z; } } }"));
    const struct mime_types *types = conf->http->types;

    UNUSED(state);
    loaded_slice_is(mime_find(types, SLICE("/a.x1")), "text/x");
    loaded_slice_is(mime_find(types, SLICE("/a.x2")), "text/x");
    loaded_slice_is(mime_find(types, SLICE("/a.Y")), "text/y");
    assert_null(mime_find(types, SLICE("/a.html")).p);
    assert_null(mime_find(loaded_location(conf, 0)->types, SLICE("/a.y")).p);
    conf_free(&conf);
}

static void test_words(void **state)
{
    struct app_conf *conf =
        loaded(IN_LOCATION("autoindex on; autoindex_format json; disable_symlinks if_not_owner; "
                           "if_modified_since before; etag off;"));
    const struct location *l = loaded_location(conf, 0);

    UNUSED(state);
    assert_true(l->has_autoindex && l->autoindex_format == AUTOINDEX_JSON && !l->has_etag);
    assert_int_equal(l->symlinks, SYMLINKS_SAME_OWNER);
    assert_int_equal(l->if_modified_since, MODIFIED_BEFORE);
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"root $document_root/x;",
         "the $document_root variable cannot be used in the \"root\" directive in code:1"},
        {"alias ${realpath_root};",
         "the $realpath_root variable cannot be used in the \"alias\" directive in code:1"},
        {"root a; alias b;", "\"alias\" directive is duplicate in code:1; \"root\" is in code:1"},
        {"index '';", "index \"\" in \"index\" directive is invalid in code:1"},
        {"try_files a =x;", "invalid code \"=x\" in code:1"},
        {"types { text/x; }", "invalid number of arguments in \"types\" directive in code:1"},
        {"root a${b;", "the closing bracket in \"b\" variable is missing in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_LOCATION("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),     cmocka_unit_test(test_index),
        cmocka_unit_test(test_try_files), cmocka_unit_test(test_types),
        cmocka_unit_test(test_words),     cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
