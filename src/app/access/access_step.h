/* The step of allow, deny, auth_basic and auth_request. */
#ifndef APP_ACCESS_ACCESS_STEP_H
#define APP_ACCESS_ACCESS_STEP_H

#include "app/access/access.h"

/* The step, made by access_step_add. */
enum step_result access_step(struct visit *v, const struct step *s);

/* The block of `l` has ended: puts the step before its others, when something was said. */
void access_step_add(struct location *l);

#endif
