/* The environment of the server: what `env` directives let through. */
#ifndef PROC_ENVIRONMENT_H
#define PROC_ENVIRONMENT_H

#include "base/slice.h"

/* Makes the process's environment from the one it started with: TZ, LUA_PATH, LUA_CPATH, and of
 * `names` each NAME (when it was there) and each NAME=value. May be called again, also with other
 * names. */
void environment_apply(const struct slice *names, size_t n);

#endif
