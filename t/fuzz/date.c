/* HTTP dates: what is read, in any of its three forms, is written as a date that reads as the same
 * second. */
#include "proto/date.h"

#include <stdlib.h>

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1), text[DATE_SIZE];
    int64_t t = 0, back = 0;

    if (size)
        memcpy(copy, data, size);
    /* A leap second at the end of the year 9999 is beyond what four digits can say. */
    if (date_parse(slice_of(copy, size), &t) && t <= 253402300799) {
        date_format(text, t);
        CHECK(date_parse(slice_of(text, DATE_SIZE), &back) && back == t);
    }
    if (size >= sizeof t) {
        memcpy(&t, copy, sizeof t);
        date_format(text, t);
        CHECK(date_parse(slice_of(text, DATE_SIZE), &back));
    }
    free(copy);
    return 0;
}
