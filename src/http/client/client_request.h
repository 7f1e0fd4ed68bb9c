/* What a client sends: the request of an exchange, on whichever transport. */
#ifndef HTTP_CLIENT_REQUEST_H
#define HTTP_CLIENT_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "proto/header.h"
#include "proto/method.h"

enum client_source {
    CLIENT_NO_BODY,
    CLIENT_BYTES,  /* `bytes`, which stay valid until the exchange is over */
    CLIENT_FILE,   /* `length` bytes of `fd` from `offset`; the user keeps it open until then */
    CLIENT_PUSHED, /* by client_exchange_write, `length` in all; -1: of unknown length */
};

/* What is sent. Slices live in the exchange's pool, or as long as it; all validated. */
struct client_request {
    enum method method;
    struct slice method_token, target;
    struct slice protocol;          /* of an extended CONNECT (RFC 8441); empty: none */
    struct slice scheme, authority; /* authority: of Host or :authority; empty: it is in headers */
    struct header_list headers;
    struct header_list trailers; /* behind a body of unknown length, and in HTTP/2 */
    struct slice connection;     /* value of the Connection field; empty: by `keeps` */
    enum client_source source;
    struct slice bytes;
    int fd;
    off_t offset;
    int64_t length;
    struct slice params; /* of what is not HTTP: encoded, in place of method, target and headers */
    uint8_t minor;       /* HTTP/1.minor */
    bool keeps;          /* the connection may serve another request */
    bool expects_continue;
    bool is_upgrade;       /* 101 is an answer */
    bool omits_connection; /* no Connection field, though the connection will not be kept */
};

/* The Content-Length that is sent; -1: none. */
int64_t client_request_length(const struct client_request *r);

/* Does its method say that it may be seen twice (RFC 9110 section 9.2.2)? */
bool client_request_is_idempotent(const struct client_request *r);

/* Does it do no harm that the request may be seen twice, and is its body there to be sent again? */
bool client_request_is_repeatable(const struct client_request *r);

#endif
