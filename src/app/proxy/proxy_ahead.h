/* What was read of an answer while its client took nothing: memory first, then a temporary file, so
 * that the server is free when it has said all it has to say, however slow the client. Internal to
 * the files of the proxy. */
#ifndef APP_PROXY_PROXY_AHEAD_H
#define APP_PROXY_PROXY_AHEAD_H

#include "app/proxy/proxy.h"

/* May another piece of the answer be read, which the client does not take yet? */
bool proxy_ahead_has_room(const struct proxy *p);

/* Keeps a piece that proxy_ahead_has_room allowed. */
void proxy_ahead_keep(struct proxy *p, struct slice bytes);

/* Writes what was kept, as far as the client takes it: afterwards nothing is left, or the exchange
 * is congested. An error (logged): what was kept cannot be had. */
const struct err *proxy_ahead_send(struct proxy *p) MUST_USE;

/* Is there anything that the client has not got? */
bool proxy_ahead_has_some(const struct proxy *p);

#endif
