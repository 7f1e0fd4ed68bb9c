/* The page of stub_status. */
#ifndef APP_STUB_STATUS_H
#define APP_STUB_STATUS_H

#include "app/location.h"

/* Answers with what all workers together have accepted and answered, and what they are doing. */
enum step_result stub_status_step(struct visit *v, const struct step *s);

#endif
