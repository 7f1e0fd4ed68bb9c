/* DNS messages: nothing is read beyond the end, names fit their room, reading ends. */
#include "net/dns/dns_message.h"

#include <stdlib.h>

#include "base/check.h"

static void count_field(void *user, const struct dns_field *f)
{
    size_t *n = user;

    CHECK(f->name[0] != '\0');
    if (f->kind != DNS_FIELD_NUMBER)
        for (size_t i = 0; i < f->text.n; i++)
            *n += (unsigned char)f->text.p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1), name[DNS_NAME_TEXT];
    struct dns_message m;
    struct dns_record r;
    size_t sum = 0, records = 0;

    if (size)
        memcpy(copy, data, size);
    if (dns_message_open(&m, slice_of(copy, size))) {
        while (dns_message_next(&m, &r) > 0) {
            CHECK(++records < size);
            CHECK(dns_message_name(m.bytes, r.name_at, name) && strlen(name) < sizeof name);
            (void)dns_message_fields(&m, &r, count_field, &sum);
        }
    }
    free(copy);
    return 0;
}
