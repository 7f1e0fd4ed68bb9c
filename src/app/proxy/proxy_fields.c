/* A client may say Connection: X-User, or X_User, to take away, or to stand for, what our code or
 * another server says as X-User. */
#include "app/proxy/proxy_fields.h"

#include "app/request_fields.h"

bool proxy_fields_drops(const struct visit *v, const struct header *h, bool has_connection)
{
    if (h->marks & HEADER_OWN)
        return false;
    if (request_fields_is_doubtful(v, h))
        return true;
    return has_connection && header_is_of_connection(&v->x->req.headers, h->name);
}
