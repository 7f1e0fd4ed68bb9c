/* Answering with what was kept. */
#ifndef APP_PROXY_CACHE_SEND_H
#define APP_PROXY_CACHE_SEND_H

#include "app/files/file_send.h"
#include "app/proxy/cache_file.h"

/* What the conditions of the client, which the server has not seen, make of the answer in x->res: 0
 * (it is sent), 304 or 412. */
int cache_send_condition(const struct visit *v);

/* Ends the exchange with that status. */
void cache_send_status(struct visit *v, int status);

/* The body of `f`, for a response whose status and fields are in x->res. Adds Age. */
struct file_body cache_send_body(struct visit *v, const struct cache_file *f);

/* Ends the exchange with the body of `f`, which stays open as long as that lives; its status and
 * fields are in x->res. Adds Age. */
void cache_send(struct visit *v, const struct cache_file *f);

#endif
