/* Datagrams of a session to a server and back. */
#ifndef APP_STREAM_RELAY_UDP_H
#define APP_STREAM_RELAY_UDP_H

#include "app/stream/relay.h"

struct relay_udp;

/* `is_usable` false: nothing has come from the server, and it cannot be reached or stays silent. */
typedef void (*relay_udp_fn)(struct relay *r, bool is_usable, const char *why);

/* Finds the address of r->way and passes on, until the expected number of answers has come, nothing
 * has for r->conf->timeout, or the server fails. Then `fn` is called, from the loop; r->udp is NULL
 * and the sockets are closed. The session's connection is taken when the first message goes out. */
void relay_udp_start(struct relay *r, relay_udp_fn fn);

/* Closes everything; no call follows. */
void relay_udp_close(struct relay *r);

#endif
