/* Host names as they are asked for. */
#ifndef NET_DNS_NAME_H
#define NET_DNS_NAME_H

#include "base/buf.h"
#include "net/addr.h"

/* Appends `name` in ASCII: letters beyond it by IDNA 2008 (UTS 46, not transitional). One dot at
 * the end is kept. False: no host name can look like this (empty or long labels, blanks, NUL, …).
 */
bool dns_name_to_ascii(struct slice name, struct buf *out);

/* Is it "localhost" or below it (RFC 6761, 6.3)? */
bool dns_name_is_localhost(struct slice name);

/* Appends the name under which the PTR records of an address are: "4.3.2.1.in-addr.arpa". */
void dns_name_reverse(const struct addr *a, struct buf *out);

#endif
