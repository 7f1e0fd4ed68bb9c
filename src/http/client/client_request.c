/* What follows from a request alone, whatever carries it. */
#include "http/client/client_request.h"

/* A body of no bytes is announced where a server expects one (RFC 9110 section 8.6). */
int64_t client_request_length(const struct client_request *r)
{
    if (r->source == CLIENT_BYTES)
        return (int64_t)r->bytes.n;
    if (r->source != CLIENT_NO_BODY)
        return r->length;
    return r->method == METHOD_POST || r->method == METHOD_PUT || r->method == METHOD_PATCH ? 0
                                                                                            : -1;
}

bool client_request_is_idempotent(const struct client_request *r)
{
    enum method m = r->method;

    return m == METHOD_GET || m == METHOD_HEAD || m == METHOD_PUT || m == METHOD_DELETE ||
           m == METHOD_OPTIONS || m == METHOD_TRACE || m == METHOD_PROPFIND;
}

bool client_request_is_repeatable(const struct client_request *r)
{
    return r->source != CLIENT_PUSHED && client_request_is_idempotent(r);
}
