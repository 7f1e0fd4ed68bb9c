/* Works out where a request is passed on to. Internal to the files of the proxy. */
#ifndef APP_PROXY_PROXY_TARGET_H
#define APP_PROXY_PROXY_TARGET_H

#include "app/proxy/proxy.h"

/* Fills in p->upstream (to be released), p->pass, p->authority and p->how. 0, or the status to
 * answer with; why is logged. */
int proxy_target_find(struct proxy *p, const struct proxy_pass *pass);

#endif
