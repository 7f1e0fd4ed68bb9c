/* Cache-Control: ages are never negative nor larger than they may be, and a field that is read
 * twice says no more than once. */
#include "proto/cache_control.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice value = slice_of((const char *)data, size);
    struct cache_control once = CACHE_CONTROL_NONE, twice;

    cache_control_add(&once, value);
    CHECK(once.max_age >= -1 && once.max_age <= INT32_MAX);
    CHECK(once.stale_while_revalidate >= 0 && once.stale_if_error >= 0);
    twice = once;
    cache_control_add(&twice, value);
    CHECK(twice.max_age == once.max_age && twice.forbids == once.forbids);
    return 0;
}
