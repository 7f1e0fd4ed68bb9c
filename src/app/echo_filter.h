/* echo_before_body, echo_after_body: texts around the body of any answer. */
#ifndef APP_ECHO_FILTER_H
#define APP_ECHO_FILTER_H

#include "app/location.h"

/* Puts the filter behind those that the exchange of `v` has, where its location says so. Only
 * before the response starts. */
void echo_filter_add(struct visit *v);

#endif
