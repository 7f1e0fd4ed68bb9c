/* Built-in pages for errors and redirects. */
#ifndef APP_ERROR_PAGE_H
#define APP_ERROR_PAGE_H

#include "app/visit.h"

/* Answers `status` with the built-in page (text/html in nginx's form; empty for < 300, 204, 304) —
 * no error_page look-up. Location for 3xx must be among the response's headers already. */
void error_page_answer(struct visit *v, int status);

/* What the client is told for a status: 400 for those that only error_page knows (494 to 497). */
int error_page_sent(int status);

/* The body of the page for a status, in the visit's pool. */
struct slice error_page_body(struct visit *v, int status);

#endif
