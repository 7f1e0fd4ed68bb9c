/* What is told of a request's body, and which may be sent twice. */
#include "http/client/client_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"

static void test_length(void **state)
{
    struct client_request r = {.method = METHOD_GET, .source = CLIENT_NO_BODY};

    UNUSED(state);
    assert_int_equal(client_request_length(&r), -1);
    r.method = METHOD_POST; /* RFC 9110 section 8.6: a server expects one */
    assert_int_equal(client_request_length(&r), 0);
    r.source = CLIENT_BYTES;
    r.bytes = SLICE("four");
    assert_int_equal(client_request_length(&r), 4);
    r.source = CLIENT_PUSHED;
    r.length = -1;
    assert_int_equal(client_request_length(&r), -1);
}

static void test_repeatable(void **state)
{
    struct client_request r = {.method = METHOD_PUT, .source = CLIENT_BYTES};

    UNUSED(state);
    assert_true(client_request_is_repeatable(&r));
    r.source = CLIENT_PUSHED; /* its pieces are gone */
    assert_false(client_request_is_repeatable(&r));
    assert_true(client_request_is_idempotent(&r));
    r.source = CLIENT_NO_BODY;
    r.method = METHOD_POST;
    assert_false(client_request_is_repeatable(&r));
    assert_false(client_request_is_idempotent(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_length),
                                       cmocka_unit_test(test_repeatable)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
