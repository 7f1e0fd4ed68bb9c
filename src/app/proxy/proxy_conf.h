/* What a location says about passing requests on: its settings, and the target of its proxy_pass.
 */
#ifndef APP_PROXY_PROXY_CONF_H
#define APP_PROXY_PROXY_CONF_H

#include "app/proxy/proxy_tls.h"

struct app_conf;
struct captures_names;
struct config_node;
struct location;
struct pool;
struct proxy_cookie_flags;
struct regex;
struct script;
struct upstream;

/* What is passed on how; the directives of each have a word of their own in front. */
enum proxy_kind { PROXY_HTTP, PROXY_GRPC, PROXY_FASTCGI, PROXY_UWSGI, PROXY_SCGI };

enum { PROXY_KINDS = PROXY_SCGI + 1 };

enum proxy_flag {
    PROXY_BUFFERING = 1 << 0,
    PROXY_REQUEST_BUFFERING = 1 << 1,
    PROXY_PASS_HEADERS = 1 << 2,
    PROXY_PASS_BODY = 1 << 3,
    PROXY_INTERCEPT_ERRORS = 1 << 4,
    PROXY_SOCKET_KEEPALIVE = 1 << 5,
    PROXY_IGNORE_ABORT = 1 << 6,
    PROXY_FORCE_RANGES = 1 << 7,
    PROXY_STORE = 1 << 8,
    PROXY_TRANSPARENT = 1 << 9, /* the address of proxy_bind need not be ours */
    PROXY_KEEPS = 1 << 10,      /* FastCGI: connections */
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

/* proxy_set_header, fastcgi_param; also names alone: proxy_hide_header, proxy_pass_header,
 * fastcgi_catch_stderr. */
struct proxy_field {
    struct slice name;
    struct script *value;
    bool needs_value; /* fastcgi_param: an empty one is left out */
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
    struct proxy_field *set, *hide, *pass, *caught;
    struct proxy_rewrite *redirects, *cookie_domains, *cookie_paths;
    struct proxy_cookie_flags *cookie_flags;
    struct script *method, *body;  /* NULL: the client's */
    struct script *bind;           /* to connect from; NULL: any */
    struct script *limit_rate;     /* bytes a second; NULL: no limit */
    struct cache_conf *cache;      /* NULL: nothing was said; see cache_rules.h */
    size_t buffers, max_temp_file; /* what is read ahead of a client: in memory, in a file */
    struct script *store_path;     /* of proxy_store; NULL: by root and alias */
    mode_t store_access;           /* of its files */
    const char *temp_path;         /* of that file; NULL: that of requests' bodies */
    uint64_t connect_timeout, read_timeout, send_timeout, next_timeout;
    unsigned next_tries, next, ignore, flags;
    unsigned minor;       /* HTTP/1.minor */
    bool is_h2;           /* HTTP/2 instead */
    enum proxy_kind kind; /* whose settings these are */
    bool has_no_redirect; /* proxy_redirect off */
    struct slice index;   /* of FastCGI: behind a path that ends with a slash */
    struct regex *split;  /* of FastCGI: what of a path is the script, and what stands behind it */
    uint8_t modifier1, modifier2; /* of uwsgi */
    struct proxy_tls tls;
};

/* The target of a proxy_pass, grpc_pass, fastcgi_pass, uwsgi_pass, scgi_pass. */
struct proxy_pass {
    enum proxy_kind kind;
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

/* The settings of nginx's defaults: of proxy_… */
extern const struct proxy_conf proxy_defaults;

/* The settings that hold at `l`, which may be the defaults. */
const struct proxy_conf *proxy_conf_of(const struct location *l, enum proxy_kind kind);

/* What was said for `l`, there or above; NULL: nothing. */
struct proxy_conf *proxy_conf_said(const struct location *l, enum proxy_kind kind);

/* The settings of this very level: a copy of its parent's until it says something. */
struct proxy_conf *proxy_conf_own(struct app_conf *conf, struct location *l, enum proxy_kind kind);

/* How logs name what is spoken: "http", "https", "fastcgi", … */
const char *proxy_conf_scheme(enum proxy_kind kind, bool is_tls);

/* Is the server told of a request by parameters, in place of a request of HTTP? */
static inline bool proxy_conf_has_params(enum proxy_kind kind)
{
    return kind >= PROXY_FASTCGI;
}

/* Are there words for TLS? */
static inline bool proxy_conf_may_have_tls(enum proxy_kind kind)
{
    return kind != PROXY_FASTCGI && kind != PROXY_SCGI;
}

/* What the directives of a kind begin with: "proxy", … */
const char *proxy_conf_word(enum proxy_kind kind);

/* Reads "http://host[:port][/uri]", "http://unix:/path:[/uri]". False: malformed. */
bool proxy_pass_parse(struct slice url, struct proxy_pass *out);

/* Reads the target of a kind: that, "grpc://host[:port]", "suwsgi://…", "host[:port]". False:
 * malformed, or with a URI (out->uri) where there is none. */
bool proxy_pass_read(struct pool *pool, enum proxy_kind kind, struct slice url,
                     struct proxy_pass *out);

#endif
