/* How origins are reached: names resolved and addresses raced by net/connect, then whatever stands
 * between us and the origin. */
#ifndef HTTP_CLIENT_REACH_H
#define HTTP_CLIENT_REACH_H

#include "http/client/client_dial.h"

/* What pools make connections with. */
extern const struct client_dialer client_reach;

extern const struct err client_err_resolve_timeout, client_err_connect_timeout;

#endif
