/* Slots of names: who keeps his place, what another worker takes over, what there is no room for.
 */
#include "app/proxy/upstream_slots.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct pool pool;
static unsigned told;

static void count(struct upstream *u, unsigned i)
{
    UNUSED(u);
    UNUSED(i);
    told++;
}

/* One server that is an address, one that is a name. */
static struct upstream *make(bool may_go)
{
    struct upstream *u = upstream_new(&pool, SLICE("u"));

    assert_non_null(upstream_add(u, SLICE("10.9.9.9:80"), 0));
    upstream_add(u, SLICE("app.test:80"), 0)->weight = 3;
    upstream_slots_add(u, SLICE_EMPTY, may_go);
    upstream_share(u);
    told = 0;
    return u;
}

/* Addresses separated by blanks. */
static void set(struct upstream *u, const char *words)
{
    struct upstream_address list[ADDR_LIST_MAX + 8];
    struct slice rest = slice_str(words);
    unsigned n = 0;

    while (rest.n) {
        list[n] = (struct upstream_address){.weight = 3};
        assert_null(addr_parse(slice_cut(&rest, ' '), 80, &list[n++].addr));
    }
    upstream_slots_set(u, u->lines, list, n, count);
}

/* The names of all peers, "-" for a place that is empty. */
static const char *names(const struct upstream *u)
{
    static char text[2048];
    size_t n = 0;

    text[0] = 0;
    for (unsigned i = 0; i < u->n; i++) {
        const struct upstream_peer *p = &u->peers[i];
        struct slice name = p->weight ? p->name : SLICE("-");

        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s" SLICE_FMT, i ? " " : "",
                              SLICE_ARG(name));
    }
    return text;
}

static void test_places(void **state)
{
    struct upstream *u = make(true);

    UNUSED(state);
    assert_string_equal(names(u), "10.9.9.9:80 app.test:80");
    set(u, "10.0.0.1 10.0.0.2");
    assert_string_equal(names(u), "10.9.9.9:80 10.0.0.1:80 10.0.0.2:80");
    assert_int_equal(told, 2);
    u->peers[2].own.fails = 7;
    set(u, "10.0.0.2 [::1] 10.0.0.1");
    assert_string_equal(names(u), "10.9.9.9:80 10.0.0.1:80 10.0.0.2:80 [::1]:80");
    assert_int_equal(told, 3);
    set(u, "10.0.0.2");
    assert_string_equal(names(u), "10.9.9.9:80 - 10.0.0.2:80");
    assert_int_equal(u->peers[2].own.fails, 7);
    assert_int_equal(u->peers[2].weight, 3);
    set(u, "");
    assert_string_equal(names(u), "10.9.9.9:80");
    set(u, "10.0.0.3 10.0.0.2");
    assert_string_equal(names(u), "10.9.9.9:80 10.0.0.3:80 10.0.0.2:80");
    assert_int_equal(u->peers[2].own.fails, 0);
}

static void test_name_that_stays(void **state)
{
    struct upstream *u = make(false);

    UNUSED(state);
    set(u, "");
    assert_string_equal(names(u), "10.9.9.9:80 app.test:80");
    assert_int_equal(told, 0);
    set(u, "10.0.0.1");
    assert_string_equal(names(u), "10.9.9.9:80 10.0.0.1:80");
    assert_true(u->peers[1].is_address);
    set(u, "");
    assert_string_equal(names(u), "10.9.9.9:80 app.test:80");
    assert_false(u->peers[1].is_address);
}

/* A place that a request still uses is filled last, and its end is no surprise. */
static void test_place_in_use(void **state)
{
    struct upstream *u = make(true);

    UNUSED(state);
    set(u, "10.0.0.1");
    u->peers[1].own.active = 1;
    set(u, "10.0.0.2");
    assert_string_equal(names(u), "10.9.9.9:80 - 10.0.0.2:80");
    assert_true(slice_eq(u->peers[1].name, SLICE("10.0.0.1:80")));
    upstream_done(u, &u->peers[1], false);
    set(u, "10.0.0.2 10.0.0.3");
    assert_string_equal(names(u), "10.9.9.9:80 10.0.0.3:80 10.0.0.2:80");
    assert_int_equal(u->peers[1].own.active, 0);
}

/* Another worker has a copy of everything that is not shared. */
static void test_other_worker(void **state)
{
    struct upstream *u = make(true), other = *u;

    UNUSED(state);
    other.peers = pool_zalloc(&pool, u->size * sizeof(*other.peers));
    memcpy(other.peers, u->peers, u->size * sizeof(*other.peers));
    set(u, "10.0.0.1 10.0.0.2");
    set(u, "10.0.0.2");
    assert_string_equal(names(&other), "10.9.9.9:80 app.test:80");
    upstream_slots_sync(&other);
    assert_string_equal(names(&other), "10.9.9.9:80 - 10.0.0.2:80");
    other.peers[2].own.fails = 5;
    set(u, "10.0.0.2 10.0.0.4");
    upstream_slots_sync(&other);
    assert_string_equal(names(&other), "10.9.9.9:80 10.0.0.4:80 10.0.0.2:80");
    assert_int_equal(other.peers[2].own.fails, 5);
}

static void test_too_many(void **state)
{
    struct upstream *u = make(true);
    struct buf words = BUF_EMPTY;

    UNUSED(state);
    for (unsigned i = 0; i < ADDR_LIST_MAX + 8; i++)
        buf_printf(&words, "%s10.1.0.%u", i ? " " : "", i);
    set(u, buf_cstr(&words));
    assert_int_equal(u->n, ADDR_LIST_MAX + 2);
    set(u, "10.0.0.1");
    assert_string_equal(names(u), "10.9.9.9:80 10.0.0.1:80");
    buf_free(&words);
}

/* What the group had in the configuration before stands in for what nobody has asked for yet. */
static void test_next_configuration(void **state)
{
    struct upstream *old = make(true), *u = make(false), *other = upstream_new(&pool, SLICE("u"));

    UNUSED(state);
    set(old, "10.0.0.1 10.0.0.2");
    upstream_slots_inherit(u, old);
    assert_string_equal(names(u), "10.9.9.9:80 10.0.0.1:80 10.0.0.2:80");
    set(u, "10.0.0.2");
    assert_string_equal(names(u), "10.9.9.9:80 - 10.0.0.2:80");
    set(old, "");
    u = make(true);
    upstream_slots_inherit(u, old);
    assert_string_equal(names(u), "10.9.9.9:80 app.test:80");
    set(old, "10.0.0.1");
    upstream_add(other, SLICE("app.test:81"), 0);
    upstream_slots_add(other, SLICE_EMPTY, true);
    upstream_share(other);
    upstream_slots_inherit(other, old);
    assert_string_equal(names(other), "app.test:81");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),       cmocka_unit_test(test_name_that_stays),
        cmocka_unit_test(test_place_in_use), cmocka_unit_test(test_other_worker),
        cmocka_unit_test(test_too_many),     cmocka_unit_test(test_next_configuration),
    };
    int rc;

    pool_init(&pool, NULL, 0);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    pool_reset(&pool);
    return rc;
}
