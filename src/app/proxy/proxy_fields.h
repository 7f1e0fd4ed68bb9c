/* Which fields of a client may not reach a server that is spoken to for it. */
#ifndef APP_PROXY_PROXY_FIELDS_H
#define APP_PROXY_PROXY_FIELDS_H

#include "app/visit.h"

/* Is the field of the client's request to be left out, because it is one of its connection, or
 * could be taken for another one? `has_connection`: the request has a Connection field. */
bool proxy_fields_drops(const struct visit *v, const struct header *h, bool has_connection);

#endif
