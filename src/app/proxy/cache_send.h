/* Answering with what was kept. */
#ifndef APP_PROXY_CACHE_SEND_H
#define APP_PROXY_CACHE_SEND_H

#include "app/proxy/cache_file.h"
#include "app/visit.h"

/* What the conditions of the client, which the server has not seen, make of the answer in x->res: 0
 * (it is sent), 304 or 412. */
int cache_send_condition(const struct visit *v);

/* Ends the exchange with that status. */
void cache_send_status(struct visit *v, int status);

/* Ends the exchange with the body of `f`, which stays open as long as that lives; its status and
 * fields are in x->res. Adds Age. */
void cache_send(struct visit *v, const struct cache_file *f);

#endif
