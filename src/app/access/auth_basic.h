/* auth_basic: a name and a password (RFC 7617) that a file must know. */
#ifndef APP_ACCESS_AUTH_BASIC_H
#define APP_ACCESS_AUTH_BASIC_H

#include "app/access/access.h"

/* An opinion for access_weigh. A refusal with 401 has put its challenge into the response. */
int auth_basic_ask(struct visit *v, const struct access_conf *c);

/* The credentials of the request (RFC 7617 section 2), decoded into the visit's pool. False: there
 * are none. */
bool auth_basic_credentials(struct visit *v, struct slice *user_out, struct slice *password_out);

#endif
