/* The request's body with its content codings undone (RFC 9110 section 8.4), under limits. */
#ifndef HTTP_BODY_DECODER_H
#define HTTP_BODY_DECODER_H

#include "http/exchange.h"

/* From now on exchange_read_body gives what the codings of Content-Encoding stand for; that field
 * and Content-Length leave the request. Reading fails with err_too_large beyond a limit, with
 * err_protocol or err_truncated where the codings are broken. Nothing happens where nothing is
 * coded, or when it has been asked before. err_busy: the body is being read already;
 * err_unsupported: a coding is not known, and reading fails too. */
const struct err *body_decoder_start(struct exchange *x, struct body_limits limits);

#endif
