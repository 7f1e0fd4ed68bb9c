/* The command line as a value: nginx's options, and the words that nginx does not have. Pure. */
#ifndef PROC_COMMAND_H
#define PROC_COMMAND_H

#include "base/base.h"
#include "base/buf.h"

enum command_kind {
    COMMAND_SERVE,
    COMMAND_CHECK,      /* -t */
    COMMAND_DUMP,       /* -T */
    COMMAND_SIGNAL,     /* -s */
    COMMAND_VERSION,    /* -v */
    COMMAND_BUILD,      /* -V */
    COMMAND_HELP,       /* -h, -? */
    COMMAND_DIRECTIVES, /* --directives */
    COMMAND_RUN,        /* run FILE */
    COMMAND_EVAL,       /* -e CODE */
    COMMAND_REPL,       /* repl */
    COMMAND_ROUTES,     /* routes MODULE */
    COMMAND_SUITE,      /* test */
};

/* Borrows from argv. What was not given is NULL. */
struct command {
    enum command_kind kind;
    bool is_quiet;
    const char *prefix, *path, *directives, *error_log; /* -p -c -g -e */
    const char *signal;                                 /* quit, stop, reload or reopen */
    const char *subject;                                /* of run, -e, routes: file, code, module */
    char **args;                                        /* what follows it, `n_args` */
    int n_args;
};

/* Reads the arguments. False with a message without a newline appended to `problem`. */
bool command_parse(int argc, char **argv, struct command *out, struct buf *problem) MUST_USE;

/* The number that `-s name` stands for; 0 when there is none. */
int command_signal_number(const char *name);

/* Appends the text of -h. */
void command_usage(struct buf *out);

#endif
