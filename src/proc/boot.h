/* From a command line to a configuration that is open: files read, logs, Lua and listeners open.
 * Used at start and at each reload. */
#ifndef PROC_BOOT_H
#define PROC_BOOT_H

#include "app/conf.h"
#include "proc/command.h"

/* Where the files are. Terminated strings, owned. */
struct boot {
    char *prefix;           /* absolute, ends with '/' */
    char *path;             /* of the configuration, absolute */
    char *early_log;        /* NULL: stderr only */
    const char *directives; /* of -g, borrowed; may be NULL */
    bool is_log_given;      /* by -e */
    bool is_open;           /* the logs of a configuration are open: errors go there */
};

/* Finds prefix and file. Without -p the prefix is the current directory; without -c the file is
 * conf/perilune.conf under the prefix, or `fallback` when there is neither that nor -p. */
void boot_init(struct boot *b, const struct command *command, const char *fallback);

/* Frees the strings. */
void boot_deinit(struct boot *b);

/* Reads and checks the configuration; NULL with `e` filled. */
struct app_conf *boot_load(struct boot *b, struct config_error *e) MUST_USE;

/* Opens logs, Lua and listeners of `conf`, taking over the sockets of `old` (may be NULL). False,
 * after saying why: nothing of `conf` is open, `old` is as before. Without `old`, signals are
 * blocked after success. */
bool boot_open(struct boot *b, struct app_conf *conf, struct app_conf *old) MUST_USE;

/* Compiles the Lua of a configuration that is only tested, and loads its handlers; its Lua is open
 * then. False with `e` filled when one cannot be. Where there is init_by_lua, which a test does not
 * run, modules may rely on it, and nothing is loaded. */
bool boot_check_lua(struct app_conf *conf, struct config_error *e) MUST_USE;

/* Says what is wrong: to the error log and, unless this is a daemon, to stderr behind the name
 * of the program. */
void boot_report(struct boot *b, const struct config_error *e);

/* Opens the log files of `conf` again after a rotation; errors are logged. */
void boot_reopen_logs(struct app_conf *conf);

#endif
