/* The file that names the running server. */
#ifndef PROC_PIDFILE_H
#define PROC_PIDFILE_H

#include "base/buf.h"
#include "base/err.h"

/* Writes this process's number and a newline; the file is made when it is missing. */
const struct err *pidfile_write(const char *path) MUST_USE;

/* Removes the file when it is a regular one that names this process. */
void pidfile_remove(const char *path);

/* Reads the number. False with a message in nginx's words appended to `problem`. */
bool pidfile_read(const char *path, pid_t *pid_out, struct buf *problem) MUST_USE;

#endif
