/* Clients that stay with a server of a group (`sticky`). Each server has an id; which one a request
 * wants, it says itself (a cookie of ours, a route), or it says whose session it belongs to, and
 * what was learned of that session tells the server. */
#ifndef APP_PROXY_STICKY_H
#define APP_PROXY_STICKY_H

#include "app/visit.h"

struct script;
struct variable;
struct zone_conf;

/* Ids, routes included, are no longer; the last byte of the room for one is NUL. */
enum { STICKY_ID_MOST = 32, STICKY_ID_ROOM };

/* Variables, of which the first that is not empty counts. */
struct sticky_list {
    const struct variable **all;
    unsigned n, size;
};

/* A cookie that tells the client its server. */
struct sticky_cookie {
    struct slice name, path;          /* no path: "" */
    struct script *domain, *samesite; /* NULL: none */
    int64_t expires;                  /* seconds; -1: with the client's session */
    bool is_secure, is_httponly;
    bool is_samesite_checked; /* when it is sent: it holds variables */
};

struct sticky {
    struct sticky_list lookup, create;
    struct sticky_cookie *cookie; /* NULL: none */
    struct zone_conf *zone;       /* of what is learned; NULL: nothing is */
    uint64_t timeout;             /* of that */
    bool learns_from_head;        /* of an answer, not from its end */
};

/* The id of the server that the request wants, in the visit's pool; empty: any. */
struct slice sticky_wanted(const struct sticky *s, struct visit *v);

/* Tells the client in the answer that `id` is its server, where that is done by a cookie. `last`:
 * what was said of another server before and no longer holds, p == NULL: nothing. Returns what has
 * been said. */
struct slice sticky_tell(const struct sticky *s, struct visit *v, struct slice id,
                         struct slice last);

/* The server of that id has answered: where that is learned, the session stays with it. */
void sticky_learn(const struct sticky *s, struct visit *v, struct slice id);

/* The values that `samesite` of a cookie may have, in any case. */
bool sticky_is_samesite(struct slice value);

#endif
