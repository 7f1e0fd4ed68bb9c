/* What an answer to a health check must be like: a `match` block. */
#ifndef APP_PROXY_HEALTH_MATCH_H
#define APP_PROXY_HEALTH_MATCH_H

#include "base/pool.h"
#include "proto/header.h"

enum { HEALTH_MATCH_BYTES = 262144 }; /* of a body or a session that are looked at */

struct health_match {
    struct slice name;
    bool is_stream;
    struct health_rule *rules; /* of http: all must hold */
    bool needs_body;
    struct slice send;            /* of stream: what is sent first */
    struct slice expect;          /* of stream: what the answer must contain; p NULL: anything */
    struct regex *expect_pattern; /* of stream: or what it must match */
    struct health_match *next;    /* of the configuration */
};

/* The block of that name among those from `all` on, or NULL. */
struct health_match *health_match_find(struct health_match *all, struct slice name, bool is_stream);

/* What is looked at. */
struct health_answer {
    int status;
    const struct header_list *headers;
    struct slice body;
};

/* Adds a line of a block of http, `name` being its first word: "status 200 300-399", "status !
 * 500", "header X", "header ! X", "header X = value" (!=, ~, !~), "body ~ regex" (!~). False, with
 * what is wrong in *error_out, in the pool. */
bool health_match_add_http(struct pool *pool, struct health_match *m, struct slice name,
                           const struct slice *words, size_t n, struct slice *error_out);

/* The same of stream: "send text", "expect text", "expect ~ regex"; \xHH is a byte. */
bool health_match_add_stream(struct pool *pool, struct health_match *m, struct slice name,
                             const struct slice *words, size_t n, struct slice *error_out);

/* NULL: the answer is as it must be; else what is not: "status code", "header", "body". Without a
 * block: 2xx or 3xx. */
const char *health_match_http(const struct health_match *m, const struct health_answer *a);

/* Is what a session has sent so far as expected? */
bool health_match_stream(const struct health_match *m, struct slice bytes);

#endif
