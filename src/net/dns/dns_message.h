/* DNS messages (RFC 1035): reading what a name server answers. Pure: bytes in, records out. */
#ifndef NET_DNS_MESSAGE_H
#define NET_DNS_MESSAGE_H

#include "base/base.h"
#include "base/slice.h"

enum {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_NAPTR = 35,
    DNS_CAA = 257,
};

enum { DNS_NAME_TEXT = 1024 }; /* room for any name as text, escapes and terminator included */

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_message {
    struct slice bytes;
    size_t at; /* of the next record */
    unsigned left[3];
};

struct dns_record {
    enum dns_section section;
    uint16_t type;
    uint32_t ttl;
    size_t name_at;
    size_t data_at, data_n;
};

enum dns_field_kind {
    DNS_FIELD_NUMBER,
    DNS_FIELD_TEXT, /* also names and addresses, as text */
    DNS_FIELD_ITEM, /* one of several texts under this name */
};

struct dns_field {
    const char *name;
    enum dns_field_kind kind;
    uint32_t number;
    struct slice text; /* valid during the call */
};

/* Reads head and questions; `bytes` must stay valid as long as `out` is used. False: malformed. */
bool dns_message_open(struct dns_message *out, struct slice bytes);

/* The next record of class IN. 1: there is one; 0: the end; -1: malformed. */
int dns_message_next(struct dns_message *m, struct dns_record *out);

/* Writes the name at `at` as text without its last dot ("." for the root; dots within labels, and
 * bytes that do not print, escaped with '\'), terminated. The position behind it, or 0 when it is
 * malformed. */
size_t dns_message_name(struct slice bytes, size_t at, char text[DNS_NAME_TEXT]);

/* The fields of a record, in order. A type that is not known has one field "data" with its bytes.
 * False: malformed (some fields may have been given). */
bool dns_message_fields(const struct dns_message *m, const struct dns_record *r,
                        void (*fn)(void *user, const struct dns_field *f), void *user);

/* The number of a type by its name ("AAAA"), any case; 0 when there is none. */
uint16_t dns_message_type(struct slice name);

/* The name of a type, NULL when it is not known. */
const char *dns_message_type_name(uint16_t type);

#endif
