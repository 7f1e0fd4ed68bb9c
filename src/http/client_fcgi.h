/* FastCGI as a client: exchanges on a connection, one after the other. The request is what
 * `params` says, with its body; the answer is a head as CGI programs write it, and a body.
 *
 * An answer that the server does not end, or that is shorter than its Content-Length, is
 * err_truncated; one that is malformed err_protocol; what is longer than that is dropped. */
#ifndef HTTP_CLIENT_FCGI_H
#define HTTP_CLIENT_FCGI_H

#include "http/client_conn.h"

/* A free connection that speaks FastCGI on `s`, which it owns from now on. */
struct client_conn *client_fcgi_open(struct stream *s, const struct client_conn_owner *owner,
                                     void *user);

#endif
