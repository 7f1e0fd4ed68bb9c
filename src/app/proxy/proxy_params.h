/* The parameters of a request to a FastCGI server. */
#ifndef APP_PROXY_PROXY_PARAMS_H
#define APP_PROXY_PROXY_PARAMS_H

#include "app/proxy/proxy.h"

/* What fastcgi_param says, and the fields of the request that p->up is to send: encoded, in its
 * pool. Of p->up->req the method and the fields of its own are known. */
struct slice proxy_params_make(struct proxy *p);

#endif
