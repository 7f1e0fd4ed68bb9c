/* Attempts of a proxied request: what the variables tell of each, and whether another server is
 * tried after one. Internal to the files of the proxy. */
#ifndef APP_PROXY_PROXY_TRY_H
#define APP_PROXY_PROXY_TRY_H

#include "app/proxy/proxy.h"

/* An attempt has come to its head, or to nothing, with that status. */
void proxy_try_note(struct proxy *p, int status);

/* What was noted last is over: its times and counts are final. */
void proxy_try_finish(struct proxy *p);

/* Bits of enum proxy_next that a failure, or a status, is (0: none). */
unsigned proxy_try_bit(const struct err *why);
unsigned proxy_try_bit_of_status(int status); /* likewise */

/* Is another server to be tried after a failure of one of these kinds? */
bool proxy_try_goes_on(const struct proxy *p, unsigned bits);

#endif
