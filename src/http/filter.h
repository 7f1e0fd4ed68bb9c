/* Response filters: a chain that the head and every piece of the body walk through, outermost
 * first.
 *
 * A filter lives in the exchange's pool. `head` may change x->res and must pass on with
 * exchange_pass_head (now or, when it holds the head back, later). `body` may drop, change or split
 * a piece and passes on with exchange_pass_body; a piece with is_last is passed exactly once; that
 * may end the exchange, so the filter touches nothing afterwards. A filter that wants the length to
 * change sets res.content_length = -1 in `head`. */
#ifndef HTTP_FILTER_H
#define HTTP_FILTER_H

#include "http/exchange_transport.h"

struct filter_ops {
    const char *name;
    void (*head)(struct filter *f, struct exchange *x);
    void (*body)(struct filter *f, struct exchange *x, const struct chunk *c);
    void (*resume)(struct filter *f, struct exchange *x); /* after filter_pause; else NULL */
};

struct filter {
    const struct filter_ops *ops;
    struct filter *next;
    struct filter *next_paused; /* see filter_pause */
};

/* Puts `f` behind the filters that are there (nearer to the wire). Only before exchange_start. */
void filter_append(struct exchange *x, struct filter *f, const struct filter_ops *ops);

/* `f`, inside its `body` or `resume`, holds back what it has: its `resume` is called once from the
 * loop when queued output is below the watermark. Until then the exchange is congested. Pieces may
 * still come; the exchange may end without a further call. Of several that pause the one that is
 * nearest to the wire goes on first, and another one only when none behind it is paused. */
void filter_pause(struct filter *f, struct exchange *x);

#endif
