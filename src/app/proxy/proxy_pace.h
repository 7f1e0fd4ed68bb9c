/* proxy_limit_rate: how fast a server's answer is read. */
#ifndef APP_PROXY_PROXY_PACE_H
#define APP_PROXY_PROXY_PACE_H

#include "app/proxy/proxy.h"

/* Bytes a second by the settings; 0: any. What cannot be read limits nothing. */
uint64_t proxy_pace_rate(const struct proxy *p);

/* Has as much been read as the rate allows by now? Then p->pace goes on with it. */
bool proxy_pace_holds(struct proxy *p);

/* Were these enough pieces for one turn of the loop? Then p->pace goes on with the next one. */
bool proxy_pace_yields(struct proxy *p, int pieces);

#endif
