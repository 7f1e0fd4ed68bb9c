/* The free connections of an origin, the one that was used last at the end. Internal to the pool.
 */
#ifndef HTTP_CLIENT_IDLE_H
#define HTTP_CLIENT_IDLE_H

#include "http/client/client_origin.h"

/* No free connection yet. */
void client_idle_init(struct client_origin *o);

/* One more; who waits takes it at once. */
void client_idle_put(struct client_origin *o, struct client_conn *c);

/* As client_idle_put, for longer: within the limits of number and time. */
void client_idle_keep(struct client_origin *o, struct client_conn *c);

/* One less: it is at work again, or gone. */
void client_idle_take(struct client_origin *o, struct client_conn *c);

/* Closes all of them. */
void client_idle_drop_all(struct client_origin *o);

/* Closes those that the peer has ended, of which the loop may not have told yet, until the one that
 * comes first to be used is open: a call of the system for each. */
void client_idle_drop_ended(struct client_origin *o);

/* The one that has been free longest may have changed. */
void client_idle_arm(struct client_origin *o);

/* Another origin's free connection makes room under the pool's total; false: there is none. */
bool client_idle_make_room(struct client_pool *p);

/* A period is over: as many connections stay as would have been at work for `target` of it, one at
 * least where there was any work; the next period begins. */
void client_idle_fit(struct client_origin *o, double target);

#endif
