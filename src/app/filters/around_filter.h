/* A filter that puts texts before and behind the body of an answer. */
#ifndef APP_FILTERS_AROUND_FILTER_H
#define APP_FILTERS_AROUND_FILTER_H

#include "app/visit.h"
#include "base/buf.h"
#include "http/filter.h"

/* Whose texts they are, and what the filter is called. */
struct around_user {
    struct filter_ops ops; /* AROUND_OPS(name) */
    /* Is this answer, which may have a body, to have some? It may change the head. */
    bool (*is_meant)(struct visit *v);
    /* Appends the text that goes before the body, or behind it: then what has become of the request
     * is known. */
    void (*add_text)(struct visit *v, bool is_behind, struct buf *out);
};

/* What AROUND_OPS names: asks is_meant, forgets the length when it is, passes the head on. */
void around_filter_on_head(struct filter *f, struct exchange *x);

/* Passes the piece on, between the texts. May end the exchange. */
void around_filter_on_body(struct filter *f, struct exchange *x, const struct chunk *c);

#define AROUND_OPS(name)                                                                           \
    {                                                                                              \
        (name), around_filter_on_head, around_filter_on_body, NULL                                 \
    }

/* Puts the filter behind those that the exchange of `v` has. Only before the response starts. */
void around_filter_add(struct visit *v, const struct around_user *user);

#endif
