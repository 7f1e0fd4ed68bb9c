/* A part of a server's whole answer, for a client that has asked for one: where the answer is kept
 * (the server is asked for the whole then), or where proxy_force_ranges says so. */
#ifndef APP_PROXY_PROXY_RANGE_H
#define APP_PROXY_PROXY_RANGE_H

#include "app/proxy/proxy.h"

/* The head of the answer, which `is_kept` as a whole or not, is in the exchange's response: that
 * becomes that of the part. Several ranges count as none. False: 416 is the answer; the response is
 * still that of the whole. */
bool proxy_range_begin(struct proxy *p, bool is_kept);

/* The next bytes of the whole become those of the part, which may be none. True: the part is
 * complete with them. */
bool proxy_range_cut(struct proxy *p, struct slice *bytes);

#endif
