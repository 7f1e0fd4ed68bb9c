/* Content codings that a client takes (RFC 9110 section 12.5.3). */
#ifndef PROTO_ACCEPT_H
#define PROTO_ACCEPT_H

#include "base/slice.h"
#include "proto/header.h"

enum { ACCEPT_MOST = 1000 };

/* How welcome `token` is in one Accept-Encoding value: its weight in thousandths, that of "*" when
 * it is not named, 0 when neither is there. A malformed weight counts as 0. */
int accept_weight(struct slice value, struct slice token);

/* The same over all Accept-Encoding fields of a request; 0 when there is none. */
int accept_encoding_weight(const struct header_list *request, struct slice token);

/* The same for who may choose: 0 also when the request names identity with a higher weight. */
int accept_encoding_wish(const struct header_list *request, struct slice token);

#endif
