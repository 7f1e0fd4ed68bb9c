/* Variables belong to visits: for as long as somebody reads them in a handshake, the handshake has
 * one, of an exchange that nothing carries. */
#ifndef APP_TLS_TLS_VISIT_H
#define APP_TLS_TLS_VISIT_H

#include "app/conf.h"

struct stream;

/* For a client's stream in its handshake with `vh`. */
struct visit *tls_visit_begin(struct stream *s, const struct vhost *vh);

/* Ends it and clears the pointer. */
void tls_visit_end(struct visit **v);

#endif
