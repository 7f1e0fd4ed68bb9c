/* Passing requests on to other servers: what a location says about it, and one request on its way.
 *
 * proxy_step takes the visit over. Its files, lowest first: proxy_uri (what is asked for),
 * proxy_target (where to), proxy_request (what is sent), proxy_rewrite (Location, cookies),
 * proxy_response (what of the answer is passed on), proxy_switch (upgrades), proxy_try (attempts),
 * proxy_cache, proxy_cache_keep (what is kept), proxy_pace (how fast), proxy_ahead (read before the
 * client takes it), proxy_abandon (without a client), proxy_step (the course of events: body in,
 * server chosen, answer streamed, the next server). */
#ifndef APP_PROXY_PROXY_H
#define APP_PROXY_PROXY_H

#include "app/proxy/proxy_tls.h"
#include "app/proxy/upstream.h"
#include "app/visit.h"
#include "loop/timer.h"

struct balancer;
struct captures_names;
struct config_node;
struct cache_zone;
struct proxy_ahead;
struct proxy_cache;
struct proxy_cookie_flags;
struct regex;

enum proxy_flag {
    PROXY_BUFFERING = 1 << 0,
    PROXY_REQUEST_BUFFERING = 1 << 1,
    PROXY_PASS_HEADERS = 1 << 2,
    PROXY_PASS_BODY = 1 << 3,
    PROXY_INTERCEPT_ERRORS = 1 << 4,
    PROXY_SOCKET_KEEPALIVE = 1 << 5,
    PROXY_IGNORE_ABORT = 1 << 6,
};

/* Bits of proxy_next_upstream. */
enum proxy_next {
    PROXY_NEXT_ERROR = 1 << 0,
    PROXY_NEXT_TIMEOUT = 1 << 1,
    PROXY_NEXT_INVALID_HEADER = 1 << 2,
    PROXY_NEXT_500 = 1 << 3,
    PROXY_NEXT_502 = 1 << 4,
    PROXY_NEXT_503 = 1 << 5,
    PROXY_NEXT_504 = 1 << 6,
    PROXY_NEXT_403 = 1 << 7,
    PROXY_NEXT_404 = 1 << 8,
    PROXY_NEXT_429 = 1 << 9,
    PROXY_NEXT_NON_IDEMPOTENT = 1 << 10,
    PROXY_STALE_UPDATING = 1 << 11, /* of proxy_cache_use_stale alone */
    PROXY_NEXT_OFF = 1 << 12,       /* as it is read: no other word counts */
};

/* Bits of proxy_ignore_headers. */
enum proxy_ignore {
    PROXY_IGNORE_REDIRECT = 1 << 0,      /* X-Accel-Redirect */
    PROXY_IGNORE_BUFFERING = 1 << 1,     /* X-Accel-Buffering */
    PROXY_IGNORE_ACCEL_EXPIRES = 1 << 2, /* and those that follow: see cache_rules.h */
    PROXY_IGNORE_EXPIRES = 1 << 3,
    PROXY_IGNORE_CACHE_CONTROL = 1 << 4,
    PROXY_IGNORE_SET_COOKIE = 1 << 5,
    PROXY_IGNORE_VARY = 1 << 6,
    PROXY_IGNORE_LIMIT_RATE = 1 << 7, /* X-Accel-Limit-Rate */
};

/* proxy_set_header; also names alone: proxy_hide_header, proxy_pass_header. */
struct proxy_field {
    struct slice name;
    struct script *value;
    struct proxy_field *next;
};

/* proxy_redirect, proxy_cookie_domain, proxy_cookie_path. */
struct proxy_rewrite {
    struct script *from, *to; /* neither from nor pattern: the default of proxy_redirect */
    struct regex *pattern;    /* in place of from */
    const struct captures_names *names;
    struct proxy_rewrite *next;
};

struct proxy_conf {
    const struct location *owner; /* the level that may change it */
    struct proxy_field *set, *hide, *pass;
    struct proxy_rewrite *redirects, *cookie_domains, *cookie_paths;
    struct proxy_cookie_flags *cookie_flags;
    struct script *method, *body;    /* NULL: the client's */
    struct script *bind;             /* to connect from; NULL: any */
    struct script *limit_rate;       /* bytes a second; NULL: no limit */
    struct cache_conf *cache;        /* NULL: nothing was said; see cache_rules.h */
    uint64_t buffers, max_temp_file; /* what is read ahead of a client: in memory, in a file */
    const char *temp_path;           /* of that file; NULL: that of requests' bodies */
    uint64_t connect_timeout, read_timeout, send_timeout, next_timeout;
    unsigned next_tries, next, ignore, flags;
    unsigned minor;       /* HTTP/1.minor */
    bool is_h2;           /* HTTP/2 instead */
    bool is_grpc;         /* these are the settings of grpc_… */
    bool has_no_redirect; /* proxy_redirect off */
    struct proxy_tls tls;
};

/* The target of a proxy_pass. */
struct proxy_pass {
    struct script *target;       /* with variables; NULL: the fields below hold */
    struct slice authority, uri; /* uri.p == NULL: none was given */
    uint16_t default_port;
    bool is_tls;
    struct upstream *upstream; /* NULL: the target has variables, or is Lua's */
    struct slice url;          /* as written, for proxy_redirect default */
    struct location *level;    /* that says it */
    const struct config_node *node;
    struct proxy_pass *next; /* of the configuration */
};

/* One request on its way. In the exchange's pool. */
struct proxy {
    struct visit *v;
    const struct proxy_conf *conf;
    struct proxy_pass pass; /* with the target worked out */
    struct upstream *upstream;
    struct upstream_peer *peer;
    struct client_exchange *up;
    struct balancer *balancer; /* of balancer_by_lua; NULL: has not run */
    upstream_tried tried;
    unsigned tries;
    uint64_t started_ms, attempt_ms;
    struct slice authority;   /* $proxy_host */
    struct addr local;        /* of proxy_bind */
    struct slice ws_key;      /* that we made up for the server; empty: none */
    uint64_t rate;            /* bytes a second that are read of an answer; 0: any */
    struct timer pace;        /* until more of it may be read */
    struct client_way how;    /* context and name of TLS where that is spoken; whether HTTP/2 is */
    struct body_spool *spool; /* the request's body; NULL: none, or not read ahead */
    struct slice own_body;    /* of proxy_set_body */
    struct upstream_try *history;         /* newest first */
    const struct client_response *cached; /* the head of what was kept, once it is the answer */
    const struct cache_zone *cache_zone;  /* NULL: none */
    struct proxy_cache *cache; /* NULL: it has nothing to do with one; see proxy_cache.h */
    struct proxy_ahead *ahead; /* what the client has not taken yet; NULL: nothing ever was kept */
    const struct err *late;    /* the answer has failed, behind what is kept */
    struct slice cache_status; /* $upstream_cache_status; p == NULL: nobody has looked */
    bool is_streaming_body;    /* the request's body is passed on as it comes */
    bool is_flushing;          /* each piece goes to the client at once */
    bool has_begun;            /* the answer */
    bool has_left;             /* `up` is over; kept for the variables */
    bool is_abandoned;         /* see proxy_abandon.h */
    void (*on_request)(struct proxy *p, int status); /* see proxy_request.h */
    void (*on_abandoned_end)(struct proxy *p, bool has_failed);
};

/* The settings of nginx's defaults: of proxy_… and of grpc_… */
extern const struct proxy_conf proxy_defaults, proxy_grpc_defaults;

/* The settings of this very level: a copy of its parent's until it says something. */
struct proxy_conf *proxy_conf_own(struct app_conf *conf, struct location *l, bool is_grpc);

/* Reads "http://host[:port][/uri]", "http://unix:/path:[/uri]". False: malformed. */
bool proxy_pass_parse(struct slice url, struct proxy_pass *out);

/* "grpc://host[:port]", "grpcs://…" or "host[:port]" as proxy_pass_parse wants it. */
struct slice proxy_pass_of_grpc(struct pool *pool, struct slice url);

/* The content step of grpc_pass: arg is a struct proxy_pass *. */
enum step_result proxy_grpc_step(struct visit *v, const struct step *s);

/* The content step of proxy_pass: likewise. */
enum step_result proxy_step(struct visit *v, const struct step *s);

/* Passes a request on by these settings, for those who are no step; `pass` is copied. The exchange
 * is answered. */
void proxy_start(struct visit *v, const struct proxy_conf *conf, const struct proxy_pass *pass);

/* The proxy of a visit, NULL: none. */
static inline struct proxy *proxy_of(const struct visit *v)
{
    return v->proxy;
}

/* The request target for the server. */
struct slice proxy_uri(struct proxy *p);

/* What is left of a server's head, which may be one that was kept, is put into the exchange's
 * response. */
void proxy_response_take(struct proxy *p, const struct client_response *up);

/* The head that the answer is made of: NULL as long as there is none. */
static inline const struct client_response *proxy_response_of(const struct proxy *p)
{
    return p->cached ? p->cached : p->up ? &p->up->res : NULL;
}

/* Its trailers, when it has ended. */
void proxy_response_take_trailers(struct proxy *p);

/* X-Accel-Redirect: does the answer come from `to` with `query` (p == NULL: none) instead? */
bool proxy_response_elsewhere(const struct proxy *p, struct slice *to, struct slice *query);

/* What of the server's head is said of the answer all the same. */
void proxy_response_take_for_elsewhere(struct proxy *p);

/* What of it is said of the error page that takes the answer's place. */
void proxy_response_take_for_page(struct proxy *p);

/* Does each piece go to the client at once, by the settings or by X-Accel-Buffering? */
bool proxy_response_is_flushed(const struct proxy *p);

/* proxy_intercept_errors: does an error page take its place? */
bool proxy_response_is_replaced(const struct proxy *p);

/* Is that a field of the connection, which says nothing of the answer? */
bool proxy_response_is_of_connection(const struct client_response *up, const struct header *h);

#endif
