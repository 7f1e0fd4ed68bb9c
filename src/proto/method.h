/* Request methods (RFC 9110 section 9 and the WebDAV ones that nginx knows). */
#ifndef PROTO_METHOD_H
#define PROTO_METHOD_H

#include "base/slice.h"

enum method {
    METHOD_OTHER, /* a valid token that is none of these */
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_PATCH,
    METHOD_TRACE,
    METHOD_CONNECT,
    METHOD_MKCOL,
    METHOD_COPY,
    METHOD_MOVE,
    METHOD_PROPFIND,
    METHOD_PROPPATCH,
    METHOD_LOCK,
    METHOD_UNLOCK,
    METHOD_COUNT
};

/* The method of a token (case matters). */
enum method method_parse(struct slice name);

/* The token of a method; "" for METHOD_OTHER. */
struct slice method_name(enum method m);

/* Does it change nothing at the server (RFC 9110 section 9.2.1)? */
bool method_is_safe(enum method m);

#endif
