/* proxy_ignore_client_abort, and what is kept (proxy_cache): a server is left to do what it was
 * asked for when the client is gone. The visit ends; what it lives in is held until the server is
 * through. */
#ifndef APP_PROXY_PROXY_ABANDON_H
#define APP_PROXY_PROXY_ABANDON_H

#include "app/proxy/proxy.h"

/* Leaves the server to itself, when the location says so and it has the whole request, until it is
 * through, or has failed. False: nothing has happened. */
bool proxy_abandon(struct proxy *p);

/* The same for who has held the visit already and does not ask whether: for the renewal of a kept
 * answer, before whose head nobody has come. */
void proxy_abandon_follow(struct proxy *p);

/* Reads what an abandoned server has to say, for the cache or to drop it, as long as somebody wants
 * it. */
void proxy_abandon_drain(struct client_exchange *up);

/* Is the rest of the answer wanted by anybody but the client: by the settings, a cache, a file? */
bool proxy_abandon_is_useful(const struct proxy *p);

#endif
