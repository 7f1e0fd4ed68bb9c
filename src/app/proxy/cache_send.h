/* Answering with what was kept. */
#ifndef APP_PROXY_CACHE_SEND_H
#define APP_PROXY_CACHE_SEND_H

#include "app/proxy/cache_file.h"
#include "app/visit.h"

/* Ends the exchange with the body of `f`, which stays open as long as that lives; its status and
 * fields are in x->res. Adds Age. */
void cache_send(struct visit *v, const struct cache_file *f);

#endif
