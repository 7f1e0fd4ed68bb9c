/* `slice`: an answer that is fetched in parts of one size, each by a request of its own, so that a
 * cache keeps each as an answer of its own.
 *
 * It begins where $slice_range is asked for. The first part is what the request itself fetches; its
 * head becomes that of the whole. Each of the others is a subrequest that begins at the content of
 * the location, one after the other as the client takes them. */
#ifndef APP_PROXY_PROXY_SLICES_H
#define APP_PROXY_PROXY_SLICES_H

#include "app/proxy/proxy.h"
#include "proto/range.h"

/* $slice_range: what a request for the part asks for; p == NULL: the location has no `slice`, or it
 * is a subrequest of somebody else. */
struct slice proxy_slices_range(struct visit *v);

/* A head has come, from the server or a cache, of a body of `size` bytes (-1: not known). False
 * (logged): it is not that of the part. One that is no part at all, to the first request, is an
 * answer as any other. */
bool proxy_slices_accepts(struct proxy *p, const struct client_response *up, int64_t size);

/* Is the answer one in parts, of which the first has come? */
bool proxy_slices_is_first(const struct visit *v);

/* The head of the first part is in the exchange's response: it becomes that of the whole. */
void proxy_slices_take_head(struct proxy *p);

/* The client gets no more than that of the whole; p->part_skips and p->part_left are what it gets
 * of the first part. */
void proxy_slices_limit(struct proxy *p, const struct range *part);

/* The first part has been given out: the exchange ends, or the next part is fetched, after which
 * all goes by itself. */
void proxy_slices_go_on(struct proxy *p);

#endif
