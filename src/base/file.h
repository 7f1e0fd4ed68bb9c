/* Whole-file work that may block: configuration, pid files, logs, temporary files. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

struct stat;

/* Appends the whole content of `path` to `out`; at most `most` bytes (err_too_large beyond). */
const struct err *file_read(const char *path, size_t most, struct buf *out) MUST_USE;

/* Writes all bytes to `fd`, retrying short writes. */
const struct err *file_write_all(int fd, const void *p, size_t n) MUST_USE;

/* Writes `content` to `path` by way of a temporary name and rename. */
const struct err *file_replace(const char *path, struct slice content, mode_t mode) MUST_USE;

/* Creates `path` and its missing parents. Existing is fine. */
const struct err *file_mkdirs(const char *path, mode_t mode) MUST_USE;

/* The permissions of a folder for files of `mode`: who may read them may enter it. */
mode_t file_folder_mode(mode_t mode);

/* Two looks at a path: is it still the same file, with the same content? */
bool file_is_same(const struct stat *a, const struct stat *b);

/* A new file in `dir`, mode 0600, close-on-exec, already unlinked when `path_out` is NULL;
 * otherwise its path is appended there, terminated. */
const struct err *file_temp(const char *dir, struct buf *path_out, int *fd_out) MUST_USE;

/* Paths that match a glob pattern, sorted; calls `fn` for each. err_not_found when a pattern
 * without wildcards has none. */
const struct err *file_glob(const char *pattern, void (*fn)(void *arg, const char *path),
                            void *arg) MUST_USE;

#endif
