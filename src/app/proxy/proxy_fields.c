/* A client may say Connection: X-User, or X_User, to take away, or to stand for, what our code or
 * another server says as X-User. */
#include "app/proxy/proxy_fields.h"

#include "app/request_fields.h"

/* Fields that Connection names belong to the connection, too (RFC 9110 section 7.6.1). */
static bool is_named_by_connection(const struct header_list *l, struct slice name)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->fields[i].id == HEADER_CONNECTION && header_has_token(l->fields[i].value, name))
            return true;
    return false;
}

bool proxy_fields_drops(const struct visit *v, const struct header *h, bool has_connection)
{
    if (h->marks & HEADER_OWN)
        return false;
    if (request_fields_is_doubtful(v, h))
        return true;
    return has_connection && is_named_by_connection(&v->x->req.headers, h->name);
}
