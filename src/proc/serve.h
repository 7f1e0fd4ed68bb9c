/* The commands that have to do with a configured server: serve, -t, -T, -s. */
#ifndef PROC_SERVE_H
#define PROC_SERVE_H

#include "proc/command.h"

/* Carries the command out and returns the exit code; a server returns when it has ended. `fallback`
 * is the configuration of the installed program, see boot_init. */
int serve_command(const struct command *command, const char *fallback);

#endif
