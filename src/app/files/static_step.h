/* Static content as steps of a route. */
#ifndef APP_FILES_STATIC_STEP_H
#define APP_FILES_STATIC_STEP_H

#include "app/visit.h"

/* The content of a location that has no handler: the file of the URI, the index of a directory, a
 * listing. Answers the exchange or sends it elsewhere; never STEP_NEXT or STEP_WAIT. `s` may be
 * NULL. */
enum step_result static_step_content(struct visit *v, const struct step *s);

/* try_files; s->arg is a `const struct try_files`. STEP_NEXT with the path changed when a file was
 * found, else what the fallback gives. */
enum step_result static_step_try_files(struct visit *v, const struct step *s);

#endif
