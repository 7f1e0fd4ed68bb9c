/* Ranges of addresses: CIDR notation (RFC 4632, RFC 4291 section 2.3). */
#ifndef NET_ADDR_RANGE_H
#define NET_ADDR_RANGE_H

#include "net/addr.h"

enum addr_range_kind { ADDR_RANGE_ALL, ADDR_RANGE_UNIX, ADDR_RANGE_V4, ADDR_RANGE_V6 };

struct addr_range {
    enum addr_range_kind kind;
    unsigned bits; /* how many of `bytes` count, from the first on */
    unsigned char bytes[16];
};

/* Reads "all", "unix:", "10.1.2.3", "10.0.0.0/8", "2001:db8::/32". Bits behind the prefix are
 * cleared, and *is_loose_out tells that there were some. False: it is none of these. */
bool addr_range_parse(struct slice text, struct addr_range *out, bool *is_loose_out);

/* The range of that address alone. False: it is no IP address. */
bool addr_range_of(const struct addr *a, struct addr_range *out);

/* Is the address in it? An IPv4 address in an IPv6 socket is an IPv4 address. */
bool addr_range_has(const struct addr_range *r, const struct addr *a);

#endif
