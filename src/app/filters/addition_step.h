/* Asking for what add_before_body and add_after_body put around a body. */
#ifndef APP_FILTERS_ADDITION_STEP_H
#define APP_FILTERS_ADDITION_STEP_H

#include "app/visit.h"

/* The step: asks those locations, before the content is made, and keeps what they answer. */
enum step_result addition_step(struct visit *v, const struct step *s);

#endif
