/* What a name server said to one question: shared by the cache and by those who asked. */
#ifndef NET_DNS_ANSWER_H
#define NET_DNS_ANSWER_H

#include "base/err.h"
#include "net/addr_list.h"
#include "net/dns/dns_message.h"

struct dns_answer {
    unsigned refs;
    const struct err *err; /* NULL: there are records */
    uint64_t until_ms;     /* clock_ms() up to which the resolver keeps it; 0: not at all */
    size_t n;
    char bytes[]; /* the whole message, may be empty when `err` is set */
};

/* A copy of a message with one reference. */
struct dns_answer *dns_answer_new(const struct err *e, struct slice message);

/* One more reference; returns `a`. */
struct dns_answer *dns_answer_ref(struct dns_answer *a);

/* Gives up a reference, frees with the last one, and clears the pointer; NULL inside is fine. */
void dns_answer_unref(struct dns_answer **a);

/* Seconds for which the message says that it holds: the least TTL of the answer's records, or of
 * the SOA record that comes with "no such name" (RFC 2308, 5). False: it must not be kept. */
bool dns_answer_ttl(const struct dns_answer *a, uint32_t *seconds_out);

/* Appends the addresses of its A or AAAA records. False: the message is malformed. */
bool dns_answer_addresses(const struct dns_answer *a, uint16_t type, struct addr_list *out);

#endif
