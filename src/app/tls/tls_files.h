/* Certificates whose files are named by variables: read when a handshake needs one. */
#ifndef APP_TLS_TLS_FILES_H
#define APP_TLS_TLS_FILES_H

#include "app/conf.h"

struct stream;

/* Gives a handshake the certificates of the server that the client asked for whose names have
 * variables; none: nothing happens. The values come from the handshake: $ssl_server_name,
 * $remote_addr and what is made of them. False, which is logged: one cannot be read, or the client
 * asks for a name that no file may have. Blocks while it reads. */
bool tls_files_use(struct stream *s, const struct vhost *vh);

#endif
