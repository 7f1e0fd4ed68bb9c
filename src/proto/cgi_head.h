/* The head of an answer as programs write it for a gateway (RFC 3875 section 6): fields, of which
 * Status is the status, and an empty line. Lines end with LF, or CRLF. A status line of HTTP may
 * stand before the fields. Pure. */
#ifndef PROTO_CGI_HEAD_H
#define PROTO_CGI_HEAD_H

#include "proto/header.h"

enum {
    CGI_HEAD_MOST = 65536, /* bytes; a longer one is none */
    CGI_HEAD_FIELDS_MOST = 1000,
};

struct cgi_head {
    int status;             /* 200 to 999 */
    struct slice phrase;    /* may be empty */
    int64_t content_length; /* -1: none given */
};

/* How many bytes at the front of `in` are the head, the empty line included; 0: it is not whole.
 * What has been `seen` of it is not looked at again when more has come: 0 at first. */
size_t cgi_head_size(struct slice in, size_t *seen);

/* Reads a whole head: NULL, or what is wrong with it (static text). The fields but Status are added
 * to `fields`, and point into `head`. */
const char *cgi_head_read(struct slice head, struct pool *pool, struct header_list *fields,
                          struct cgi_head *out) MUST_USE;

#endif
