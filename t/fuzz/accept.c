/* Accept-Encoding: any value has a weight from 0 to 1000 for any coding, and "*" speaks for those
 * not named. */
#include "proto/accept.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice value = slice_of((const char *)data, size);
    int any = accept_weight(value, SLICE("x-nobody-names-this")), gzip;

    CHECK(any >= 0 && any <= ACCEPT_MOST);
    gzip = accept_weight(value, SLICE("gzip"));
    CHECK(gzip >= 0 && gzip <= ACCEPT_MOST);
    return 0;
}
