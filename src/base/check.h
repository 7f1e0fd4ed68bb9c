/* Bugs: conditions that cannot be false in a correct program. Always on, also in release builds. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "base/base.h"

/* Stops the process with a message and a backtrace when `cond` is false. */
#define CHECK(cond)                                                                                \
    (LIKELY(cond) ? (void)0 : check_panic(__FILE__, __LINE__, "check failed: %s", #cond))

/* Stops the process: a state that the program has no answer to. */
#define PANIC(...) check_panic(__FILE__, __LINE__, __VA_ARGS__)

/* Prints file, line, message and a backtrace to stderr and to the hook, then aborts. */
NORETURN void check_panic(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* `fn` is given the text of a panic before the process aborts (the error log registers itself).
 * NULL clears. */
void check_set_panic_hook(void (*fn)(const char *text));

#endif
