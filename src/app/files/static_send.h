/* Answering with a file: validators, conditions, ranges. */
#ifndef APP_FILES_STATIC_SEND_H
#define APP_FILES_STATIC_SEND_H

#include "app/files/file_cache.h"
#include "app/visit.h"
#include "proto/compress.h"

/* Answers the GET or HEAD of `v` with `file`, whose hold it takes over and whose content has
 * `coding` (CODING_COUNT: none). Conditions and Range count only when the status is 200 (not for
 * the page of an error). Returns what the step has to return. */
enum step_result static_send(struct visit *v, const struct file_cache_file *file,
                             enum coding coding);

/* Gives the response the Content-Type of the path's extension, or the default type, unless it has
 * one.
 */
void static_send_type(struct visit *v);

/* Evaluates the conditions of the request against an answer with these validators ("", -1: none) by
 * the location's rules: 0 (go on), 304 or 412. */
int static_send_conditions(const struct visit *v, struct slice etag, int64_t mtime);

#endif
