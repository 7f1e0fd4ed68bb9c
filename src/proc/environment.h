/* The environment of the server: what `env` directives let through. */
#ifndef PROC_ENVIRONMENT_H
#define PROC_ENVIRONMENT_H

#include "base/slice.h"

/* Makes the process's environment from the one it started with: TZ, LUA_PATH, LUA_CPATH, and of
 * `names` each NAME (when it was there) and each NAME=value. May be called again, also with other
 * names. */
void environment_apply(const struct slice *names, size_t n);

/* What the variable was when the process started, or NULL. After environment_apply. */
const char *environment_at_start(const char *name);

/* The environment the process started with, for a program that takes its place, with "NAME=value"
 * in place of any other of that name. After environment_apply. */
char **environment_with(const char *entry);

#endif
