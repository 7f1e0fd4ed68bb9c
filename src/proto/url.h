/* Request targets, paths and query strings (RFC 3986, RFC 9112 section 3.2). */
#ifndef PROTO_URL_H
#define PROTO_URL_H

#include "base/buf.h"
#include "base/pool.h"
#include "base/slice.h"
#include "proto/method.h"

enum url_form { URL_ORIGIN, URL_ABSOLUTE, URL_AUTHORITY, URL_ASTERISK };

struct url_target {
    enum url_form form;
    struct slice scheme, authority; /* absolute-form only */
    struct slice path;              /* raw, begins with '/'; "/" when absolute-form has none */
    struct slice query;             /* raw, without '?'; p == NULL when there is none */
    bool is_normal;                 /* the path is known to be as url_normalise_path makes it */
};

/* Splits a request target. False when it is none of the four forms for this method or holds a
 * fragment or a byte that may not stand there (controls, space, DEL). Bytes >= 0x80 are allowed, as
 * nginx does. */
bool url_parse_target(struct slice target, enum method method, struct url_target *out);

/* A decoded and normalised path for matching locations: percent-decoded, `.` and `..` segments
 * resolved, repeated '/' merged when `merge`. The input itself when nothing had to change (no
 * copy). False: a bad escape, %00, or `..` above the root. */
bool url_normalise_path(struct slice raw, bool merge, struct pool *pool, struct slice *out);

/* A Host field or authority: splits name and port, checks the grammar (reg-name, IPv4, [IPv6]),
 * lower-cases nothing. port 0 when absent. False when malformed. */
bool url_parse_host(struct slice in, struct slice *name, int *port);

/* The next `name=value` of a query string or form body: cuts it off *rest (raw, still encoded).
 * `has_value` tells "a" from "a=". False at the end. Empty pieces ("&&") are skipped. */
bool url_next_arg(struct slice *rest, struct slice *name, struct slice *value, bool *has_value);

#endif
