/* The parameters of a request to a server of FastCGI, uwsgi or SCGI. */
#ifndef APP_PROXY_PROXY_PARAMS_H
#define APP_PROXY_PROXY_PARAMS_H

#include "app/proxy/proxy.h"

/* What fastcgi_param (uwsgi_param, scgi_param) says, and the fields of the request that p->up is to
 * send: encoded, in its pool. Of p->up->req the method, the body and the fields of its own are
 * known. False (logged): they are too many. */
bool proxy_params_make(struct proxy *p, struct slice *made) MUST_USE;

#endif
