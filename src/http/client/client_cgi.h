/* Servers that answer as CGI programs do, as a client: exchanges on a connection, one after the
 * other. The request is what `params` says, with its body; the answer is a head as programs write
 * it, and a body. Both are cut into records (FastCGI), or bare: uwsgi, SCGI, whose answers end with
 * the connection.
 *
 * An answer that the server does not end, or that is shorter than its Content-Length, is
 * err_truncated; one that is malformed err_protocol; what is longer than that is dropped. */
#ifndef HTTP_CLIENT_CGI_H
#define HTTP_CLIENT_CGI_H

#include "http/client/client_conn.h"
#include "http/client/client_dial.h"

/* A free connection on `s`, which it owns from now on, that speaks that (not HTTP). */
struct client_conn *client_cgi_open(struct stream *s, enum client_speech speech,
                                    const struct client_conn_owner *owner, void *user);

#endif
