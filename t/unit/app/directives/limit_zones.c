#include "../loaded.h"

#include "app/access/limit.h"
#include "shm/bucket.h"

static void test_inherits(void **state)
{
    struct app_conf *conf = loaded(
        IN_HTTP("limit_req zone=a burst=5 delay=2; limit_req_status 429; limit_conn c 3; "
                "limit_req_zone $uri zone=a:1m rate=30r/m; limit_req_zone $uri zone=b:32k; "
                "limit_conn_zone $uri zone=c:1m; server { listen 8080; location /a { } "
                "location /b { limit_req zone=b nodelay; limit_req zone=a; limit_conn_status 500; "
                "limit_req_log_level info; } }"));
    const struct limit_conf *a = loaded_location(conf, 0)->limit_req,
                            *b = loaded_location(conf, 1)->limit_req,
                            *c = loaded_location(conf, 1)->limit_conn;

    UNUSED(state);
    assert_ptr_equal(a, conf->http->limit_req);
    assert_null(a->rules->next);
    assert_int_equal(a->rules->zone->rate, BUCKET_DROP / 2);
    assert_int_equal(a->rules->most, 5 * BUCKET_DROP);
    assert_int_equal(a->rules->prompt, 2 * BUCKET_DROP);
    assert_int_equal(a->status, 429);
    assert_int_equal(a->level, LOG_ERROR);
    loaded_slice_is(b->rules->zone->name, "b");
    assert_int_equal(b->rules->zone->rate, BUCKET_DROP);
    assert_true(b->rules->prompt == UINT64_MAX);
    assert_int_equal(b->rules->next->most, 0);
    assert_null(b->rules->next->next);
    assert_int_equal(b->status, 429);
    assert_int_equal(b->level, LOG_INFO);
    assert_int_equal(c->rules->most, 3);
    assert_int_equal(c->status, 500);
    assert_int_equal(conf->http->limit_conn->status, 503);
    conf_free(&conf);
}

static void test_zones_of_stream_are_its_own(void **state)
{
    struct app_conf *conf = loaded(
        "http { access_log off; limit_conn_zone $uri zone=c:1m; server { listen 8080; limit_conn c "
        "1; } } stream { limit_conn_zone $remote_addr zone=s:1m; server { listen 8081; limit_conn "
        "s "
        "2; return x; } }");

    UNUSED(state);
    assert_int_equal(conf->n_zones, 2);
    assert_ptr_not_equal(conf->vhosts[0]->base->limit_conn->rules->zone,
                         conf->vhosts[1]->base->limit_conn->rules->zone);
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"limit_conn_zone $uri zone=a:1m; limit_req_zone $uri zone=a:1m rate=1r/s;",
         "the shared memory zone \"a\" is already declared for a different use in code:1; "
         "limit_conn_zone in code:1"},
        {"limit_req_zone $uri zone=a;", "invalid zone size \"zone=a\" in code:1"},
        {"limit_req_zone $uri zone=a:1x;", "invalid zone size \"zone=a:1x\" in code:1"},
        {"limit_req_zone $uri zone=a:31k;", "zone \"a\" is too small in code:1"},
        {"limit_req_zone $uri zone=a:262145m;", "zone \"a\" is too large in code:1"},
        {"limit_req_zone $uri zone=a:1m rate=0r/s;", "invalid rate \"rate=0r/s\" in code:1"},
        {"limit_req_zone $uri zone=a:1m rate=1r/h;", "invalid rate \"rate=1r/h\" in code:1"},
        {"limit_req_zone $uri zone=a:1m rate=99999999999r/s;",
         "invalid rate \"rate=99999999999r/s\" in code:1"},
        {"limit_req_zone $uri zone=a:1m sync;",
         "invalid parameter \"sync\" in code:1; syntax: limit_req_zone key zone=name:size "
         "[rate=number r/s | r/m];"},
        {"limit_req_zone $uri rate=1r/s;",
         "\"limit_req_zone\" must have \"zone\" parameter in code:1"},
        {"limit_req_zone $uri zone=a:1m; limit_req_zone $host zone=a:1m;",
         "limit_req_zone \"a\" is already bound to key \"$uri\" in code:1"},
        {"limit_conn_zone $uri rate=1r/s;",
         "invalid parameter \"rate=1r/s\" in code:1; syntax: limit_conn_zone key zone=name:size;"},
        {"limit_req zone=a;",
         "zero size shared memory zone \"a\" in code:1; there is no limit_req_zone of that name"},
        {"limit_conn a 1;",
         "zero size shared memory zone \"a\" in code:1; there is no limit_conn_zone of that name"},
        {"limit_req_zone $uri zone=a:1m; limit_conn a 1;",
         "zero size shared memory zone \"a\" in code:1; there is no limit_conn_zone of that name"},
        {"limit_req burst=1;", "\"limit_req\" must have \"zone\" parameter in code:1"},
        {"limit_req zone=a burst=0;", "invalid burst value \"burst=0\" in code:1"},
        {"limit_req zone=a delay=x;", "invalid delay value \"delay=x\" in code:1"},
        {"limit_req zone=a more;", "invalid parameter \"more\" in code:1; syntax: limit_req "
                                   "zone=name [burst=number] [nodelay | delay=number];"},
        {"limit_req zone=a; limit_req zone=a;", "\"limit_req\" directive is duplicate in code:1"},
        {"limit_conn a 0;", "invalid number of connections \"0\" in code:1"},
        {"limit_conn a 65536;", "connection limit must be less 65536 in code:1"},
        {"limit_conn a 1; limit_conn a 2;", "\"limit_conn\" directive is duplicate in code:1"},
        {"limit_req_status 399;", "value must be between 400 and 599 in code:1"},
        {"limit_conn_status 600;", "value must be between 400 and 599 in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inherits),
        cmocka_unit_test(test_zones_of_stream_are_its_own),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
