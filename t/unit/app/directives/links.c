#include "../loaded.h"

#include "app/access/secure_link.h"
#include "app/variables/referers.h"

static void test_inherits(void **state)
{
    struct app_conf *conf =
        loaded(IN_SERVER("secure_link_md5 $uri; valid_referers none a.org; location /a { "
                         "secure_link $arg_s; } location /b { valid_referers b.org; }"));
    const struct location *server = loaded_server(conf), *a = loaded_location(conf, 0),
                          *b = loaded_location(conf, 1);

    UNUSED(state);
    assert_non_null(a->secure_link->link);
    assert_non_null(a->secure_link->text);
    assert_null(server->secure_link->link);
    assert_ptr_equal(a->referers, server->referers);
    assert_true(a->referers->takes_none);
    assert_false(b->referers->takes_none);
    assert_null(name_table_find(&b->referers->names, SLICE("a.org")));
    assert_non_null(name_table_find(&b->referers->names, SLICE("B.org")));
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"secure_link $arg_s; secure_link_secret w;",
         "\"secure_link_secret\" cannot be mixed with \"secure_link\" and \"secure_link_md5\" in "
         "code:1"},
        {"secure_link_secret w; secure_link_md5 $uri;",
         "\"secure_link_secret\" cannot be mixed with \"secure_link\" and \"secure_link_md5\" in "
         "code:1"},
        {"valid_referers http://a.org;", "invalid referer \"http://a.org\" in code:1"},
        {"valid_referers '';", "invalid referer \"\" in code:1"},
        {"valid_referers ~;", "empty regex in \"~\" in code:1"},
        {"valid_referers ~(;",
         "pcre2_compile() failed: missing closing parenthesis in \"(\" in code:1"},
        {"valid_referers a.org A.org/x;", "conflicting parameter \"A.org\" in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_LOCATION("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inherits),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
