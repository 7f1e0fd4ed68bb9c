/* The body of an answer, from the server to the client. Internal to the files of the proxy. */
#ifndef APP_PROXY_PROXY_PUMP_H
#define APP_PROXY_PROXY_PUMP_H

#include "app/proxy/proxy.h"

/* Prepares p->pace; before anything else. */
void proxy_pump_init(struct proxy *p);

/* The answer begins with the head that stands in the exchange's response. */
void proxy_pump_begin(struct proxy *p);

/* Passes on what has come by now, in any turn after the beginning; the exchange may be over
 * afterwards. */
void proxy_pump(struct proxy *p);

/* The server has failed behind its head (logged): the client gets what had come, and is cut off. */
void proxy_pump_fail(struct proxy *p, const struct err *why);

#endif
