/* Where is Lua? The answer of a worker that no longer turns its loop, written to the error log. */
#ifndef PROC_DUMP_H
#define PROC_DUMP_H

/* The signal that asks. */
int dump_signal(void);

/* Answers it from now on. The first one is answered by the interpreter at its next instruction; one
 * that comes before that has happened (compiled code, a C function that blocks) by the signal
 * handler, as well as it can be seen from there. */
void dump_install(void);

#endif
