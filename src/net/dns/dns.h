/* From a host name to addresses: literals, "localhost", the hosts file, then name servers along the
 * search list. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "net/dns/resolver.h"

enum dns_family {
    DNS_PREFER_V6, /* both, IPv6 first */
    DNS_PREFER_V4,
    DNS_ONLY_V6,
    DNS_ONLY_V4,
};

struct dns_query;

struct dns_result {
    const struct err *err; /* NULL: there are addresses; else err_name_not_found, err_name_server,
                              err_timeout, err_invalid (no such name can be), err_cancelled */
    const struct addr_list *addrs; /* ports are 0; borrowed for the call */
    uint64_t until_ms; /* clock_ms() up to which name servers let it be kept; 0: nothing is known */
    bool is_last;
};

/* After a call with `is_last` the query is gone. */
typedef void (*dns_fn)(void *user, const struct dns_result *result);

/* Looks `name` up (copied; UTF-8 names are made ASCII by IDNA 2008, a dot at the end means that it
 * is whole). One call from the loop, never before return, with all addresses in order of
 * preference. `r` NULL: the default resolver. */
struct dns_query *dns_lookup(struct resolver *r, struct slice name, enum dns_family family,
                             dns_fn fn, void *user);

/* Same, with a call for the addresses of each family as soon as they are known (RFC 8305, 3); the
 * last call has an error only when no call had addresses. */
struct dns_query *dns_lookup_each(struct resolver *r, struct slice name, enum dns_family family,
                                  dns_fn fn, void *user);

/* No callback follows; everything is released; clears the pointer (NULL inside is fine). */
void dns_cancel(struct dns_query **q);

#endif
