/* The process title that ps shows. */
#ifndef PROC_TITLE_H
#define PROC_TITLE_H

#include "base/base.h"

/* A copy of the arguments, NULL-ended: what FFI code knows under this name. */
extern char **ngx_argv; /* process-wide: the arguments of the process */

/* Moves arguments and environment away, so that the memory they stood in can hold a title. Once,
 * first thing in main. */
void title_init(int argc, char **argv);

/* Shows `fmt`, cut to the room there is. Nothing happens before title_init. */
void title_set(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The arguments joined by spaces; lives as long as the process. */
const char *title_arguments(void);

#endif
