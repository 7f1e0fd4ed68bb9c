#include "../loaded.h"

/* Every entry has what the reference prints, once for each name. */
static void test_reference(void **state)
{
    struct buf text = BUF_EMPTY;

    UNUSED(state);
    schema_print_reference(&text);
    assert_non_null(strstr(buf_cstr(&text), "### keepalive_timeout\n"));
    assert_non_null(strstr(buf_cstr(&text), "- Syntax: `if (condition) { … }`"));
    assert_null(strstr(buf_cstr(&text), "(null)"));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
    };

    return LOADED_MAIN(tests);
}
