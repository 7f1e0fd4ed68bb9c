/* A request that is made to wait. */
#ifndef APP_PAUSE_H
#define APP_PAUSE_H

#include "app/visit.h"

/* Calls `then`, which goes on with the visit, in `ms` milliseconds; never when the client leaves
 * before. As a step's value: returns STEP_WAIT. */
enum step_result pause_visit(struct visit *v, uint64_t ms, void (*then)(struct visit *v));

#endif
