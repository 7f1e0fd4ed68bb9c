/* memc_pass and memcached_pass: what a location says about the memcached behind it. The
 * conversation is lua/ngx/memcached.lua. */
#ifndef APP_PROXY_MEMCACHED_H
#define APP_PROXY_MEMCACHED_H

#include "app/location.h"

enum memcached_kind {
    MEMCACHED_GET, /* memcached_pass: `get` of $memcached_key */
    MEMCACHED_ANY, /* memc_pass: $memc_cmd with $memc_key and its kin */
};

struct memcached_conf {
    enum memcached_kind kind;
    struct script *target; /* an address, or the name of an upstream */
    struct slice allowed;  /* commands, with a blank around each; n == 0: all */
    struct slice next;     /* on what another server is asked: words, as in `allowed` */
    struct script *bind;   /* the address to connect from; NULL: any */
    uint64_t connect_timeout, send_timeout, read_timeout, next_timeout; /* ms; the last 0: none */
    unsigned next_tries;                                                /* 0: all servers */
    unsigned gzip_flag; /* of values that are compressed; 0: none is */
    bool has_keepalive; /* SO_KEEPALIVE */
};

/* What holds where nothing is said. */
extern const struct memcached_conf memcached_defaults;

#endif
