/* What the error log says of a server that could not be talked to, in nginx's words. */
#ifndef APP_PROXY_PROXY_LOG_H
#define APP_PROXY_PROXY_LOG_H

#include "app/proxy/proxy.h"

/* Is that error one of time? */
bool proxy_log_is_timeout(const struct err *why);

/* Writes what failed and in which stage of the attempt. */
void proxy_log_failure(const struct proxy *p, const struct err *why);

#endif
