/* What a route is once the configuration is loaded: settings, a compiled list of steps, filters.
 *
 * `struct location` is one object for every level: http, server and location each have one. A child
 * begins as a copy of its parent, made after all simple directives of the parent have been applied
 * (blocks are applied in a second pass), so there is no merging. Arrays that a child "replaces as a
 * whole when it names one" are marked inherited. */
#ifndef APP_LOCATION_H
#define APP_LOCATION_H

#include "app/filters/expires.h"
#include "app/location_parts.h"
#include "app/socket_conf.h"
#include "base/log.h"
#include "base/slice.h"
#include "http/settings.h"
#include "proto/mime.h"

struct access_conf;
struct app_conf;
struct charset_conf;
struct compress_conf;
struct echo_line;
struct limit_conf;
struct location;
struct memcached_conf;
struct mirror_conf;
struct more_header;
struct real_ip_conf;
struct referers;
struct regex;
struct script;
struct secure_link_conf;
struct userid_conf;
struct step;
struct sub_conf;
struct variable_table;
struct relay_conf;
struct vhost;
struct visit;

enum step_result {
    STEP_NEXT,       /* go on with the following step */
    STEP_DONE,       /* the answer was given or will be given by whoever took over */
    STEP_WAIT,       /* phases_resume will be called */
    STEP_RESTART,    /* the URI or location changed: find the location again */
    STEP_SKIP_PHASE, /* go on with the first step of the next phase */
};

enum phase {
    PHASE_SERVER_REWRITE,
    PHASE_REWRITE,
    PHASE_PREACCESS, /* who the client is, how much it may ask for */
    PHASE_ACCESS,
    PHASE_PRECONTENT,
    PHASE_CONTENT,
    PHASE_COUNT
};

/* What a step does. */
typedef enum step_result (*step_fn)(struct visit *v, const struct step *s);

struct step {
    step_fn run;
    const void *arg;
    unsigned line; /* of the directive */
};

struct step_list {
    struct step *steps;
    unsigned n, size;
    bool is_inherited; /* came from the parent: the first own step replaces it */
};

enum location_kind {
    LOCATION_LEVEL, /* of http or server */
    LOCATION_EXACT, /* = */
    LOCATION_PREFIX,
    LOCATION_PREFIX_FINAL, /* ^~ */
    LOCATION_REGEX,
    LOCATION_NAMED, /* @x */
    LOCATION_IF,    /* the body of an if */
};

struct location {
    enum location_kind kind;
    struct slice name; /* the text after `location` without modifier */
    const char *file;  /* where it stands, for messages; may be NULL */
    unsigned line;
    struct regex *regex;
    const struct location *parent;
    const struct vhost *vhost;
    struct app_conf *conf;
    struct variable_table *variables; /* what `$` means there */
    struct http_settings http;
    struct location_resolver *resolver; /* NULL: the default */
    uint64_t resolver_timeout;          /* ms */
    struct tls_conf *tls;               /* what ssl_ directives say; NULL: nothing */

    /* where files are */
    struct script *root, *alias; /* alias set: it wins */
    struct script **index;       /* NULL-ended */
    struct mime_types *types;
    struct slice default_type;
    struct try_files *try_files;
    enum symlink_policy symlinks;
    struct script *symlinks_from; /* the part of paths that is trusted; NULL: none */
    enum modified_since if_modified_since;
    unsigned max_ranges; /* of a Range field; 0: it is ignored */
    bool has_etag, has_autoindex, is_internal, merges_slashes, is_autoindex_exact_size,
        is_autoindex_localtime, has_random_index;
    enum autoindex_format autoindex_format;
    bool does_log_not_found, does_log_subrequest, is_name_in_redirect, is_port_in_redirect,
        is_redirect_absolute, has_server_tokens, has_recursive_error_pages;
    bool passes_underscores; /* fields of clients with a `_` in their name reach other servers */

    /* what happens to a request */
    struct real_ip_conf *real_ip;              /* NULL: nothing was said; see real_ip.h */
    struct limit_conf *limit_req, *limit_conn; /* NULL: nothing was said; see access/limit.h */
    struct access_conf *access;                /* NULL: nothing was said; see access.h */
    const struct location *except; /* limit_except: of methods not in excepted_methods (bits) */
    uint64_t excepted_methods;
    struct step_list steps[PHASE_COUNT];
    step_fn default_content; /* without steps */
    /* proxy_pass and its kin: what "location /x/" answers for /x; NULL: nothing */
    step_fn without_slash;
    int64_t slice_size;         /* of `slice`; 0: none */
    struct proxy_conf *proxy;   /* NULL: the defaults; see app/proxy/proxy.h */
    struct proxy_conf *grpc;    /* the same of grpc_pass */
    struct proxy_conf *fastcgi; /* and of fastcgi_pass */
    struct proxy_conf *uwsgi, *scgi;
    const struct lua_code *header_filter, *body_filter, *log_by_lua;
    struct secure_link_conf *secure_link; /* NULL: nothing was said */
    struct userid_conf *userid;           /* NULL: nothing was said */
    struct referers *referers;            /* valid_referers; NULL: nothing was said */
    struct mirror_conf *mirror;           /* NULL: nothing was said */
    struct dav_conf *dav;                 /* NULL: nothing was said; see files/dav.h */
    struct addition_conf *addition;       /* NULL: nothing was said */
    struct memcached_conf *memcached;     /* NULL: nothing was said; see memcached.h */
    struct error_page *error_pages;
    struct header_rule *headers, *trailers;
    enum header_inherit header_inherit, trailer_inherit;
    struct more_header *more_headers;           /* of the response */
    struct more_header *more_input_headers;     /* of the request */
    struct echo_line *echo_before, *echo_after; /* echo_before_body, echo_after_body */
    struct charset_conf *charset;               /* NULL: nothing was said */
    struct sub_conf *sub;                       /* sub_filter; NULL: nothing was said */
    struct compress_conf *compress;             /* NULL: nothing was said; see compress.h */
    struct expires expires;
    struct access_log *access_logs;
    bool is_access_log_inherited, are_headers_inherited, are_trailers_inherited,
        are_error_pages_inherited, is_types_inherited;
    struct log_sink *error_log;
    bool lua_code_cache, lua_need_request_body, lua_use_default_type, lua_http10_buffering,
        does_lua_change_underscores, rewrites_by_lua_first, is_access_by_lua_first,
        is_precontent_by_lua_first;
    bool logs_rewrites, warns_of_unset; /* variables that were not set */
    struct socket_conf sockets;         /* lua_socket_* */

    /* of stream */
    struct relay_conf *relay; /* NULL: the defaults; see app/stream/relay.h */
    size_t preread_buffer_size;
    uint64_t preread_timeout; /* ms */
    bool has_ssl_preread;

    /* nested locations, compiled by router_build */
    struct location **children;
    unsigned n_children, children_size;
    struct router *router;
};

/* A child that inherits from `parent`; lives in the configuration's pool. What nginx does not hand
 * down starts empty (except in an `if`, which goes on with what its location has): the steps of the
 * precontent and content phases, try_files. */
struct location *location_new_child(const struct location *parent, enum location_kind kind,
                                    struct slice name);

/* The settings that the field at `offset` of `l` points to, for a change: of `size` bytes, a copy
 * of what it inherits (of `defaults` where nothing was said), made by the first call for `l`. */
void *location_own(struct location *l, size_t offset, size_t size, const void *defaults);

/* Adds a step to a phase; the first own step replaces the inherited ones. */
void location_add_step(struct location *l, enum phase phase, step_fn run, const void *arg,
                       unsigned line);

/* Puts a step before or behind those of a phase, inherited ones included, which other locations
 * keep as they are. */
void location_put_step(struct location *l, enum phase phase, bool is_first, step_fn run,
                       const void *arg);

/* Adds a nested location to `parent`; router_build checks that it may stand there. */
void location_add_child(struct location *parent, struct location *child);

#endif
