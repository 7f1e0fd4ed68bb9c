/* A hosts file (hosts(5)): names and addresses that no name server is asked for. */
#ifndef NET_DNS_HOSTS_H
#define NET_DNS_HOSTS_H

#include "net/addr_list.h"

struct dns_hosts;

/* The file at `path`, read when first asked and again when it has changed. A missing one is empty.
 */
struct dns_hosts *dns_hosts_new(const char *path);

/* Frees it and clears the pointer. */
void dns_hosts_free(struct dns_hosts **h);

/* Appends the addresses of a name (any case, without a dot at its end). */
void dns_hosts_find(struct dns_hosts *h, struct slice name, struct addr_list *out);

/* The first name of an address (its port does not matter), p == NULL when there is none; valid
 * until the next call. */
struct slice dns_hosts_name(struct dns_hosts *h, const struct addr *a);

#endif
