/* What is wrong with a configuration, and where. Owned by the caller, self-contained: outlives the
 * tree.
 *
 * `message` is worded as nginx words it; what we add for people (a suggestion, the value at fault)
 * is `hint` and is printed behind the place, so that tools made for nginx still recognise the line.
 */
#ifndef CONFIG_CONFIG_ERROR_H
#define CONFIG_CONFIG_ERROR_H

#include "base/base.h"
#include "base/buf.h"

/* The name of the "file" that the text of -g is said to be in; its line is always 0. */
#define CONFIG_COMMAND_LINE "command line"

struct config_error {
    char file[1024];    /* empty: no place (the main file cannot be opened) */
    unsigned line;      /* from 1; 0: the whole file or the command line */
    char message[1024]; /* terminated, cut when longer */
    char hint[512];     /* terminated, may be empty */
};

enum config_error_style {
    CONFIG_ERROR_NGINX,    /* message in file:line; hint */
    CONFIG_ERROR_COMPILER, /* file:line: message; hint */
};

/* Fills `e` (without a hint). Always returns false, so that callers write `return
 * config_error_set(…)`. `file` may be NULL. */
bool config_error_set(struct config_error *e, const char *file, unsigned line, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Sets the hint of an error that is already filled. Always returns false. */
bool config_error_hint(struct config_error *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Appends the error as one line without a newline and without a level: callers print `[emerg] `
 * before it. */
void config_error_format(const struct config_error *e, enum config_error_style style,
                         struct buf *out);

#endif
