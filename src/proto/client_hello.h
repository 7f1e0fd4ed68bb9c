/* What a ClientHello asks for, read from the start of a connection that is not decrypted here
 * (RFC 8446 section 4.1.2, RFC 6066 section 3, RFC 7301). Pure. */
#ifndef PROTO_CLIENT_HELLO_H
#define PROTO_CLIENT_HELLO_H

#include "base/slice.h"

enum { CLIENT_HELLO_NAME_MAX = 255, CLIENT_HELLO_ALPN_MAX = 255 };

struct client_hello {
    unsigned version; /* the newest that the client offers, as TLS numbers it: 0x0304 is 1.3 */
    size_t name_n, alpn_n;
    char name[CLIENT_HELLO_NAME_MAX]; /* of the server; name_n 0: none */
    char alpn[CLIENT_HELLO_ALPN_MAX]; /* protocols, joined by commas; more than has room is cut */
};

enum client_hello_result {
    CLIENT_HELLO_MORE, /* it is not whole yet */
    CLIENT_HELLO_DONE,
    CLIENT_HELLO_NONE, /* it is none */
};

/* Reads what stands at the start of `in`, which may be spread over several records. */
enum client_hello_result client_hello_read(struct slice in, struct client_hello *out);

/* "TLSv1.3", …; empty for versions without a name. */
struct slice client_hello_version_name(unsigned version);

#endif
