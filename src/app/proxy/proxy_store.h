/* proxy_store: answers become files, under their names when they are whole. */
#ifndef APP_PROXY_PROXY_STORE_H
#define APP_PROXY_PROXY_STORE_H

#include "app/proxy/proxy.h"

/* The head of an answer has come: the file is begun, if there is to be one. */
void proxy_store_begin(struct proxy *p);

/* The next bytes of the body; `is_last`: there are no more. A failure is logged, and ends it. */
void proxy_store_add(struct proxy *p, struct slice bytes, bool is_last);

/* What is not whole by now is given up. */
void proxy_store_end(struct proxy *p);

/* Is the rest of the answer wanted, or all of it while there is no head? */
bool proxy_store_wants_rest(const struct proxy *p);

#endif
