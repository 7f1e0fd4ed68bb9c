/* The step of allow, deny, auth_basic and auth_request. */
#ifndef APP_ACCESS_ACCESS_STEP_H
#define APP_ACCESS_ACCESS_STEP_H

#include "app/access/access.h"

/* The block of `l` has ended: puts the step before its others, when something was said. */
void access_step_add(struct location *l);

#endif
