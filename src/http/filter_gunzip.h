/* The filter that undoes the content coding of responses for clients that do not take it. */
#ifndef HTTP_FILTER_GUNZIP_H
#define HTTP_FILTER_GUNZIP_H

#include "http/exchange.h"

/* Puts the filter behind those that are there. `has_vary`: responses whose coding depends on the
 * client say so. Only before the response starts. */
void filter_gunzip_add(struct exchange *x, bool has_vary);

/* Is it there, and will it decode a whole response with the head as it is now? */
bool filter_gunzip_will_decode(const struct exchange *x);

#endif
