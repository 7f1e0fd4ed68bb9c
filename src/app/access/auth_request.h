/* auth_request: a subrequest's status decides who is let in. */
#ifndef APP_ACCESS_AUTH_REQUEST_H
#define APP_ACCESS_AUTH_REQUEST_H

#include "app/access/access.h"

/* Begins the subrequest; the visit goes on when it has answered. A step's value. */
enum step_result auth_request_start(struct visit *v, const struct access_conf *c);

#endif
