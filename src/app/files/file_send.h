/* A file's bytes as the body of a response: whole, or the ranges that were asked for (RFC 9110
 * section 14). */
#ifndef APP_FILES_FILE_SEND_H
#define APP_FILES_FILE_SEND_H

#include "app/visit.h"
#include "proto/range.h"

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

/* `size` of its bytes from `first`, to be written. */
struct chunk file_send_section(const struct exchange *x, const struct file_body *f, int64_t first,
                               int64_t size);

/* Ends with `size` of its bytes from `first`. */
enum step_result file_send_part(struct exchange *x, const struct file_body *f, int64_t first,
                                int64_t size);

/* Ends with an error, for which what was said about the file does not hold. */
enum step_result file_send_refuse(struct visit *v, int status);

/* What the Range of the request asks of a body of `size` bytes, by its `etag` and `mtime` as above;
 * the ranges are in the visit's pool. */
enum range_result file_send_find(struct visit *v, int64_t size, struct slice etag, int64_t mtime,
                                 const struct range **ranges_out, unsigned *n_out);

/* The response becomes that of a part of `size` bytes: 206, Content-Range. */
void file_send_tell_part(struct visit *v, const struct range *part, int64_t size);

/* Says that ranges may be asked for, unless the location heeds none. */
void file_send_tell_ranges(struct visit *v);

/* Ends with 416: the whole has `size` bytes. */
enum step_result file_send_refuse_range(struct visit *v, int64_t size);

#endif
