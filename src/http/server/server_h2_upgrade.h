/* From HTTP/1.1 to HTTP/2 by `Upgrade: h2c`. */
#ifndef HTTP_SERVER_H2_UPGRADE_H
#define HTTP_SERVER_H2_UPGRADE_H

#include "http/server/server_conn.h"

/* Does `x`, whose head has been read, ask for HTTP/2 where it is spoken, rightly and without a
 * body? Then the connection is HTTP/2 from now on, the client has been told, and `x` is its first
 * stream.
 */
bool server_h2_upgrade_try(struct server_conn *c, struct exchange *x);

#endif
