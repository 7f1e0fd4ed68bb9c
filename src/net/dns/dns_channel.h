/* Questions to name servers, over c-ares: timeouts, tries, the next server, TCP when an answer was
 * truncated. Knows neither caches nor search lists. */
#ifndef NET_DNS_CHANNEL_H
#define NET_DNS_CHANNEL_H

#include "base/err.h"
#include "base/slice.h"

struct dns_channel;

struct dns_channel_options {
    const char *servers;     /* "ip[:port],[ip6]:port,…"; NULL: resolv.conf's */
    const char *resolv_conf; /* NULL: /etc/resolv.conf */
    int timeout;             /* ms that a server has in the first round; doubled each round */
    int tries;               /* rounds over all servers */
    bool rotate;             /* ask servers in turn instead of in order */
};

/* Called once for each question: the whole answer, or an error with an empty or an unusable one
 * (err_name_not_found: the answer says so and may hold the SOA record). May be called before
 * dns_channel_ask returns. */
typedef void (*dns_channel_fn)(void *user, const struct err *e, struct slice message);

/* Makes a channel; no socket is open while no question is. err_invalid: servers that cannot be
 * read. */
const struct err *dns_channel_new(const struct dns_channel_options *o,
                                  struct dns_channel **out) MUST_USE;

/* Asks for records of a type under a whole name. */
void dns_channel_ask(struct dns_channel *c, const char *name, unsigned type, dns_channel_fn fn,
                     void *user);

/* Ends every question with err_cancelled and closes the sockets. Not from inside a dns_channel_fn.
 */
void dns_channel_abort(struct dns_channel *c);

/* As dns_channel_abort, then frees it and clears the pointer. */
void dns_channel_free(struct dns_channel **c);

/* Search domain number `i` of resolv.conf, NULL behind the last. */
const char *dns_channel_search(const struct dns_channel *c, unsigned i);

/* ndots of resolv.conf. */
int dns_channel_ndots(const struct dns_channel *c);

#endif
