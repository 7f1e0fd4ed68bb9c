/* Intrusive lists. */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct item {
    int number;
    struct list node;
};

static void fill(struct list *l, struct item *items, int from, int count)
{
    list_init(l);
    for (int i = 0; i < count; i++) {
        items[i].number = from + i;
        list_append(l, &items[i].node);
    }
}

/* The numbers in `l` forwards must be the digits of `want`, and the same ones backwards. */
static void assert_list(struct list *l, const char *want)
{
    size_t i = 0;

    LIST_FOR (it, l)
        assert_int_equal(CONTAINER_OF(it, struct item, node)->number, want[i++] - '0');
    assert_int_equal(want[i], '\0');
    for (struct list *it = l->prev; it != l; it = it->prev)
        assert_int_equal(CONTAINER_OF(it, struct item, node)->number, want[--i] - '0');
    assert_int_equal(i, 0);
}

static void test_append_prepend_remove(void **state)
{
    struct item items[3], first = {.number = 0};
    struct list l = LIST_INIT(l);

    UNUSED(state);
    assert_true(list_is_empty(&l));
    fill(&l, items, 1, 3);
    assert_false(list_is_empty(&l));
    assert_list(&l, "123");
    list_prepend(&l, &first.node);
    assert_list(&l, "0123");
    list_remove(&items[1].node);
    assert_list(&l, "013");
    assert_true(list_is_empty(&items[1].node));
    list_remove(&items[1].node);
    assert_list(&l, "013");
}

static void test_pop(void **state)
{
    struct item items[2];
    struct list l;

    UNUSED(state);
    fill(&l, items, 1, 2);
    assert_ptr_equal(list_pop(&l), &items[0].node);
    assert_ptr_equal(list_pop(&l), &items[1].node);
    assert_null(list_pop(&l));
    assert_true(list_is_empty(&items[0].node));
}

static void test_splice(void **state)
{
    struct item some[2], more[2];
    struct list to, from;

    UNUSED(state);
    fill(&to, some, 1, 2);
    fill(&from, more, 3, 2);
    list_splice(&to, &from);
    assert_list(&to, "1234");
    assert_list(&from, "");
    list_splice(&to, &from);
    assert_list(&to, "1234");
    list_splice(&from, &to);
    assert_list(&from, "1234");
}

static void test_remove_while_walking(void **state)
{
    struct item items[5];
    struct list l;

    UNUSED(state);
    fill(&l, items, 1, 5);
    LIST_FOR_SAFE (it, &l) {
        if (CONTAINER_OF(it, struct item, node)->number % 2)
            list_remove(it);
    }
    assert_list(&l, "24");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_prepend_remove),
        cmocka_unit_test(test_pop),
        cmocka_unit_test(test_splice),
        cmocka_unit_test(test_remove_while_walking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
