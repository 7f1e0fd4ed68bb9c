/* Requests that wait for a connection to an origin, in their order, and those that are told in the
 * next turn that they cannot. The lists hold what is in them. Internal to the pool. */
#ifndef HTTP_CLIENT_QUEUE_H
#define HTTP_CLIENT_QUEUE_H

#include "http/client/client_origin.h"

/* Nobody waits yet. */
void client_queue_init(struct client_origin *o);

/* At the end; state QUEUED. */
void client_queue_add(struct client_origin *o, struct client_exchange *x);

/* Before those that were tried less often: it has waited already. */
void client_queue_add_again(struct client_origin *o, struct client_exchange *x);

/* Takes the first one, with the list's hold; NULL: nobody waits. */
struct client_exchange *client_queue_pop(struct client_origin *o);

/* It fails in the next turn, with `why`. State QUEUED. Takes over a hold. */
void client_queue_refuse(struct client_origin *o, struct client_exchange *x, const struct err *why);

/* The first one on whose behalf no connection is being made. Somebody waits. */
struct client_exchange *client_queue_first_undialled(struct client_origin *o);

#endif
