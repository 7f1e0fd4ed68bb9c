/* Server names: order of precedence, wildcards, regexes, conflicts, invalid ones. */
#include "app/router_hosts.h"

#include <fcntl.h>
#include <unistd.h>

#include "world.h"

enum { SERVERS_MOST = 16 };

struct servers {
    struct world w;
    struct vhost list[SERVERS_MOST];
    struct slice names[SERVERS_MOST];
    struct config_node places[SERVERS_MOST];
    struct vhost *pointers[SERVERS_MOST];
};

static void servers_init(struct servers *s, const char *const *names, unsigned n)
{
    world_init(&s->w);
    for (unsigned i = 0; i < n; i++) {
        s->names[i] = slice_str(names[i]);
        s->places[i] = (struct config_node){.file = "x.conf", .line = i + 1};
        s->list[i] = (struct vhost){
            .names = &s->names[i], .n_names = 1, .base = &s->w.base, .place = &s->places[i]};
        s->pointers[i] = &s->list[i];
    }
    s->w.listen.vhosts = s->pointers;
    s->w.listen.n_vhosts = n;
}

static const char *const names[] = {
    "a.example",
    "*.a.example",
    "*.deep.a.example",
    "www.*",
    "www.b.*",
    ".both.example",
    "~^(?<sub>\\w+)\\.rx\\.example$",
    "~\\d",
    "Upper.Example",
    "",
    "~^Case\\.",
};

static const struct {
    const char *host;
    int server; /* -1: none */
} hosts[] = {
    {"a.example", 0},
    {"x.a.example", 1},
    {"x.y.a.example", 1},
    {"x.deep.a.example", 2},
    {"deep.a.example", 1},
    {".a.example", -1},
    {"www.x", 3},
    {"www.b.x", 4},
    {"www.b.x.y", 4},
    {"www.a.example", 1},
    {"www.", -1},
    {"both.example", 5},
    {"x.both.example", 5},
    {"xboth.example", -1},
    {"abc.rx.example", 6},
    {"n7", 7},
    {"a1.rx.example", 6},
    {"upper.example", 8},
    {"", 9},
    {"nobody", -1},
    {"case.x", 10},
};

static void test_precedence(void **state)
{
    struct servers s;
    struct config_error e;

    UNUSED(state);
    servers_init(&s, names, ARRAY_LEN(names));
    assert_true(router_hosts_build(&s.w.conf, &s.w.listen, &e));
    world_begin_visit(&s.w);
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        const struct vhost *vh =
            router_hosts_find(s.w.listen.hosts, slice_str(hosts[i].host), NULL);
        int got = vh ? (int)(vh - s.list) : -1;

        if (got != hosts[i].server)
            fail_msg("\"%s\" leads to server %d, not %d", hosts[i].host, got, hosts[i].server);
    }
    router_hosts_find(s.w.listen.hosts, SLICE("abc.rx.example"), &s.w.v);
    assert_string_equal(world_get(&s.w, "sub"), "abc");
    world_end(&s.w);
}

static void test_one_server(void **state)
{
    static const char *const one[] = {"a.example"};
    struct servers s;
    struct config_error e;

    UNUSED(state);
    servers_init(&s, one, 1);
    assert_true(router_hosts_build(&s.w.conf, &s.w.listen, &e));
    assert_ptr_equal(router_hosts_find(s.w.listen.hosts, SLICE("b.example"), NULL), &s.list[0]);
    world_end(&s.w);
}

static void test_one_server_with_captures(void **state)
{
    static const char *const one[] = {"~^(?<first>\\w+)\\."};
    struct servers s;
    struct config_error e;

    UNUSED(state);
    servers_init(&s, one, 1);
    assert_true(router_hosts_build(&s.w.conf, &s.w.listen, &e));
    world_begin_visit(&s.w);
    router_hosts_find(s.w.listen.hosts, SLICE("b.example"), &s.w.v);
    assert_string_equal(world_get(&s.w, "first"), "b");
    world_end(&s.w);
}

static const struct {
    const char *name, *message;
    bool counts_always; /* also when the server is alone */
} invalid[] = {
    {"*", "server name \"*\" is invalid", true},
    {"*.", "server name \"*.\" is invalid", true},
    {".", "server name \".\" is invalid", true},
    {"*a.b", "server name \"*a.b\" is invalid", true},
    {"~", "empty regex in server name \"~\"", true},
    {"~a(", "pcre2_compile() failed: missing closing parenthesis in \"a(\"", true},
    {"~(?<uri>a)", "the duplicate \"uri\" variable", true},
    {"a*b", "invalid server name or wildcard \"a*b\" on 127.0.0.1:8080", false},
    {"*.a.*", "invalid server name or wildcard \"*.a.*\" on 127.0.0.1:8080", false},
    {"a.*.b", "invalid server name or wildcard \"a.*.b\" on 127.0.0.1:8080", false},
    {".a.*", "invalid server name or wildcard \".a.*\" on 127.0.0.1:8080", false},
    {"a*", "invalid server name or wildcard \"a*\" on 127.0.0.1:8080", false},
    {"a..b", "invalid server name or wildcard \"a..b\" on 127.0.0.1:8080", false},
};

static void test_invalid(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
        const char *const list[] = {invalid[i].name, "other"};

        for (unsigned n = 1; n <= 2; n++) {
            struct servers s;
            struct config_error e = {.line = 99};
            bool is_ok;

            servers_init(&s, list, n);
            is_ok = router_hosts_build(&s.w.conf, &s.w.listen, &e);
            assert_int_equal(is_ok, n == 1 && !invalid[i].counts_always);
            if (!is_ok) {
                assert_string_equal(e.message, invalid[i].message);
                assert_string_equal(e.file, "x.conf");
                assert_int_equal(e.line, 1);
            }
            world_end(&s.w);
        }
    }
}

static void test_conflict_is_a_warning(void **state)
{
    static const char *const twice[] = {"a.example", "A.example"};
    struct servers s;
    struct config_error e;
    char text[512] = "";
    int pipe_ends[2];
    ssize_t n;

    UNUSED(state);
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    log_set_default(&(struct log_sink){.path = "pipe", .fd = pipe_ends[1], .level = LOG_WARN});
    servers_init(&s, twice, 2);
    assert_true(router_hosts_build(&s.w.conf, &s.w.listen, &e));
    log_set_default(NULL);
    assert_ptr_equal(router_hosts_find(s.w.listen.hosts, SLICE("a.example"), NULL), &s.list[0]);
    n = read(pipe_ends[0], text, sizeof(text) - 1);
    assert_true(n > 0);
    assert_non_null(
        strstr(text, "conflicting server name \"a.example\" on 127.0.0.1:8080, ignored\n"));
    assert_non_null(strstr(text, "[warn]"));
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    world_end(&s.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_one_server),
        cmocka_unit_test(test_one_server_with_captures),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_conflict_is_a_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
