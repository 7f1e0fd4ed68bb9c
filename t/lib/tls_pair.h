/* A TLS client and a TLS server on the two ends of a pair in memory. */
#ifndef T_LIB_TLS_PAIR_H
#define T_LIB_TLS_PAIR_H

#include "net/tls/tls.h"
#include "t/lib/certs.h"

/* Both ends; the contexts are given back when they are closed. */
struct tls_pair {
    struct stream *server, *client;
    struct stream *under[2]; /* of the server, of the client */
    struct tls_ctx *server_ctx, *client_ctx;
    struct tls_server_options server_options;
    struct tls_client_options client_options;
    struct tls_peer peer;
    int server_result, client_result; /* of tls_handshake */
};

/* Options under which everything goes well: a server with CERT_SERVER, a client that trusts CERT_CA
 * and asks for localhost. Change them, then tls_pair_open. */
void tls_pair_init(struct tls_pair *p);

/* Makes contexts (unless there are some) and both streams, over a pair of `capacity`. */
void tls_pair_open(struct tls_pair *p, size_t capacity);

/* Likewise, over the streams that are in p->under. */
void tls_pair_open_over(struct tls_pair *p);

/* Runs both handshakes until neither gets any further; true: both are through. */
bool tls_pair_shake(struct tls_pair *p);

/* Closes the streams, gives the contexts back. */
void tls_pair_close(struct tls_pair *p);

/* For a test's set-up: a loop, and tls_pair_init. */
void tls_pair_begin(struct tls_pair *p);

/* For its tear-down: tls_pair_close, and the loop's end. */
void tls_pair_end(struct tls_pair *p);

/* Writes `text`, answers as stream_writev. */
ssize_t tls_pair_put(struct stream *s, const char *text);

#endif
