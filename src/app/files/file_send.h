/* A file's bytes as the body of a response: whole, or the ranges that were asked for (RFC 9110
 * section 14). */
#ifndef APP_FILES_FILE_SEND_H
#define APP_FILES_FILE_SEND_H

#include "app/visit.h"

/* Good for as long as the exchange lives. */
struct file_body {
    const char *bytes; /* NULL: read from fd */
    int fd;
    int64_t at; /* where it begins in fd */
    int64_t size;
};

/* Ends the GET or HEAD of `v` with this body, or a part of it; x->res has its status, 200, and
 * fields. `etag` (may be empty) and `mtime` (-1: none) are for If-Range. Returns what a step has to
 * return, as all of these. */
enum step_result file_send(struct visit *v, const struct file_body *f, struct slice etag,
                           int64_t mtime);

/* Ends with `size` of its bytes from `first`. */
enum step_result file_send_part(struct exchange *x, const struct file_body *f, int64_t first,
                                int64_t size);

/* Ends with an error, for which what was said about the file does not hold. */
enum step_result file_send_refuse(struct visit *v, int status);

#endif
