/* Active health checks: servers of a group are asked at intervals whether they are well, by one
 * worker for all. One that is not gets no requests until it is.
 *
 * A check is of the location (or the server of `stream`) that passes requests on to the group: its
 * settings hold for the questions. */
#ifndef APP_PROXY_HEALTH_H
#define APP_PROXY_HEALTH_H

#include "app/conf.h"
#include "app/proxy/health_match.h"
#include "app/proxy/proxy_conf.h"
#include "app/proxy/upstream.h"
#include "config/config_error.h"

enum { HEALTH_CHECKS_MOST = 32 }; /* of a group: bits of upstream_state */

struct health_check {
    const struct config_node *node;
    const struct location *loc;
    struct slice uri, match_name;
    const struct health_match *match; /* NULL: 2xx and 3xx; of stream: a connection will do */
    uint64_t interval, jitter;        /* ms */
    unsigned fails, passes;
    uint16_t port;     /* 0: the server's */
    bool is_mandatory; /* nothing goes to a server before it has passed */
    bool is_persistent;
    bool is_stream;
    enum proxy_kind kind; /* unless it is */
    bool has_tls;
    struct upstream *upstream;
    struct slice authority; /* of the target */
    uint32_t bit;           /* in what is known of servers */
    struct health_check *next;
};

/* All has been read: finds the groups and the blocks that checks name. */
bool health_resolve(struct app_conf *conf, struct config_error *e);

/* Servers that were well in `old` (may be NULL) are in `conf`, where a check is persistent. Before
 * the fork. */
void health_inherit(const struct app_conf *conf, const struct app_conf *old);

/* This worker is the one that asks. */
void health_start(const struct app_conf *conf);

/* In the worker that asks: another server, or none, is in that place of the group. */
void health_renew(struct upstream *u, unsigned i);

/* It asks no more. */
void health_stop(void);

#endif
