/* Status codes and their reason phrases (RFC 9110 section 15 and the registry). */
#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

#include "base/slice.h"

/* "404 Not Found"; an unknown code gives the three digits and no phrase ("299 "). `code` is
 * 100..999. */
struct slice status_line(int code);

/* "Not Found"; empty when unknown. */
struct slice status_reason(int code);

/* Does it send the client elsewhere by Location: 301, 302, 303, 307, 308? */
bool status_is_redirect(int code);

/* May a response with this status have a body at all (not 1xx, 204, 304)? */
bool status_can_have_body(int code);

#endif
