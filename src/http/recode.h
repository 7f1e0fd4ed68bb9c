/* What the head of a response says differently once its body has another content coding. */
#ifndef HTTP_RECODE_H
#define HTTP_RECODE_H

#include "http/exchange.h"

/* Says Vary: Accept-Encoding, where nothing does so yet. */
void recode_vary(struct exchange *x);

/* A strong ETag becomes a weak one, and what is no ETag goes. */
void recode_etag(struct exchange *x);

/* The bytes will be others than those that the head describes: their number is unknown, ranges of
 * them are not to be had, a strong ETag becomes a weak one. `coding` is the new Content-Encoding;
 * empty: none any more. */
void recode_head(struct exchange *x, struct slice coding);

#endif
