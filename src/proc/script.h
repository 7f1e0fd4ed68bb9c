/* Lua without a configuration: a script, a one-liner, the test runner. */
#ifndef PROC_SCRIPT_H
#define PROC_SCRIPT_H

#include "proc/command.h"

/* Opens the loop and the machine with all modules, for scripts. False (said on stderr) when the
 * library is not there. */
bool script_open(void) MUST_USE;

/* Closes both; what Lua still holds open is closed. */
void script_close(void);

/* `run` and `-e`: the chunk is a task. Returns the exit code; does not return when a signal ended
 * it. */
int script_run(const struct command *command);

/* `routes`: prints the routes of a module. Returns the exit code. */
int script_routes(const struct command *command);

/* `test`: the runner in lua/perilune/test. Returns its exit code. */
int script_test(const struct command *command);

#endif
