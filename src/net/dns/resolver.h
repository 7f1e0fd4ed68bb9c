/* A resolver: name servers, a cache of what they said, a hosts file. Identical questions that are
 * in flight are asked once. Names to addresses is dns.h's business, on top of this. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "net/dns/dns_answer.h"
#include "net/dns/dns_hosts.h"

struct resolver;
struct resolver_wait; /* one who has asked and waits */

struct resolver_options {
    const char *servers;     /* "ip[:port],[ip6]:port,…"; NULL: resolv.conf's */
    const char *search;      /* domains separated by blanks; NULL: resolv.conf's; "": none */
    const char *hosts;       /* path; NULL: /etc/hosts; "": none */
    const char *resolv_conf; /* NULL: /etc/resolv.conf */
    int ndots;               /* -1: resolv.conf's */
    unsigned timeout;       /* ms one server has in the first round, doubled each round; 0: 2,000 */
    unsigned tries;         /* rounds over all servers; 0: 3 */
    unsigned total_timeout; /* ms for a lookup as a whole; 0: 30,000 */
    uint32_t min_ttl, max_ttl; /* seconds between which an answer is kept */
    uint32_t negative_ttl;     /* seconds for which "no such name" is kept at most */
    size_t cache_size;         /* bytes */
    bool rotate;               /* ask servers in turn instead of in order */
    bool has_ipv6;             /* false: nobody is asked for IPv6 addresses */
};

/* Counters since it was made; entries and bytes as they are. */
struct resolver_stats {
    uint64_t questions; /* asked of this resolver */
    uint64_t hits;      /* answered by the cache */
    uint64_t merged;    /* joined a question in flight */
    uint64_t sent;      /* put to name servers */
    uint64_t failed;    /* that got no usable answer */
    unsigned entries, evicted;
    size_t bytes;
};

/* `answer` is borrowed for the call. */
typedef void (*resolver_fn)(void *user, struct dns_answer *answer);

/* The defaults: resolv.conf, /etc/hosts, TTLs as they come up to a day, "no such name" for a minute
 * at most, a cache of 1 MiB, with IPv6. */
struct resolver_options resolver_defaults(void);

/* Makes a resolver with one reference; the options are copied. err_invalid: servers that cannot be
 * read. No descriptor is open while nobody waits. */
const struct err *resolver_new(const struct resolver_options *o, struct resolver **out) MUST_USE;

/* One more reference; returns `r`. */
struct resolver *resolver_ref(struct resolver *r);

/* Gives up a reference and clears the pointer. Who waits holds one of its own. */
void resolver_unref(struct resolver **r);

/* The resolver of those who name none: made when first asked for, with resolver_defaults. */
struct resolver *resolver_default(void);

/* Asks for records of `type` under a whole name (ASCII, no dot at its end). `fn` is called once
 * from the loop, never before return; the wait is gone then. */
struct resolver_wait *resolver_ask(struct resolver *r, struct slice name, uint16_t type,
                                   resolver_fn fn, void *user);

/* No callback follows; clears the pointer (NULL inside is fine). The last one who gives up closes
 * the sockets. */
void resolver_give_up(struct resolver_wait **w);

/* The options in force, with what resolv.conf says filled in (ndots). */
const struct resolver_options *resolver_settings(const struct resolver *r);

/* Search domain number `i`; p == NULL behind the last. */
struct slice resolver_search(const struct resolver *r, unsigned i);

/* The hosts file, or NULL. */
struct dns_hosts *resolver_hosts(struct resolver *r);

/* A number that grows with each call: to begin a list of addresses at another one each time. */
unsigned resolver_turn(struct resolver *r);

/* Forgets the answers kept. */
void resolver_flush(struct resolver *r);

/* Writes the counters. */
void resolver_count(const struct resolver *r, struct resolver_stats *out);

#endif
