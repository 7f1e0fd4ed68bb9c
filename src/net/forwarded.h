/* Who the client behind proxies is, as far as proxies tell that are trusted. */
#ifndef NET_FORWARDED_H
#define NET_FORWARDED_H

#include "net/addr_range.h"

enum { FORWARDED_HOPS_ALL = -1 };

/* Addresses of proxies that are believed. */
struct forwarded_trust {
    struct addr_range *ranges;
    unsigned n;
};

/* Is the address one of them? */
bool forwarded_is_trusted(const struct forwarded_trust *t, const struct addr *a);

/* Goes back from *client, whom the connection is from, along `list` (X-Forwarded-For and its kin:
 * addresses apart by commas or blanks, with or without a port, each added by the proxy after it)
 * from its end, while the one reached so far is trusted, and over `hops` addresses at most. False,
 * and *client is as it was: the connection is from somebody else, or the last entry is no address.
 */
bool forwarded_client(const struct forwarded_trust *t, struct slice list, int hops,
                      struct addr *client);

#endif
