/* What there is of a visit's request body without waiting for it. */
#ifndef APP_REQUEST_BODY_H
#define APP_REQUEST_BODY_H

#include "app/visit.h"

/* What was read of the body, complete or not; NULL: nothing. That of a subrequest was given with it
 * and is read now. */
const struct body_spool *request_body_seen(struct visit *v);

#endif
