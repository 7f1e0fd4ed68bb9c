/* What servers of uwsgi and of SCGI are told, as it goes before the body of a request. Pure.
 *
 * Parameters are added one after the other, then wrapped. */
#ifndef PROTO_GATEWAY_PARAMS_H
#define PROTO_GATEWAY_PARAMS_H

#include "base/buf.h"
#include "base/slice.h"

enum { UWSGI_PARAMS_MOST = 65535 }; /* bytes of all parameters together */

/* Appends one parameter in the form of uwsgi. */
void uwsgi_add_param(struct buf *params, struct slice name, struct slice value);

/* Puts the head of a packet before them. False: they are too large, and stay as they are. */
bool uwsgi_wrap(struct buf *params, unsigned char modifier1, unsigned char modifier2) MUST_USE;

/* Appends one parameter in the form of SCGI, whose value ends at a NUL. */
void scgi_add_param(struct buf *params, struct slice name, struct slice value);

/* Makes the string of them that a request begins with. */
void scgi_wrap(struct buf *params);

#endif
