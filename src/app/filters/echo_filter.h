/* echo_before_body, echo_after_body: texts around the body of any answer. */
#ifndef APP_FILTERS_ECHO_FILTER_H
#define APP_FILTERS_ECHO_FILTER_H

#include "app/location.h"
#include "base/buf.h"

struct echo_line;

/* Appends the text of an ECHO_TEXT line, as it is for `v` now. */
void echo_filter_text(struct visit *v, const struct echo_line *line, struct buf *out);

/* Puts the filter behind those that the exchange of `v` has, where its location says so. Only
 * before the response starts. */
void echo_filter_add(struct visit *v);

#endif
