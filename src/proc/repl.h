/* The interactive interpreter. */
#ifndef PROC_REPL_H
#define PROC_REPL_H

/* Reads Lua from stdin until it ends, evaluates it in tasks, prints values. Returns the exit code.
 */
int repl_run(void);

#endif
