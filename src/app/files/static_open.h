/* Opening a file under a policy for symbolic links. */
#ifndef APP_FILES_STATIC_OPEN_H
#define APP_FILES_STATIC_OPEN_H

#include "app/visit.h"

/* What disable_symlinks of the visit's location asks of `path`. */
struct symlink_check static_open_check(struct visit *v, struct slice path);

/* Opens the absolute `path` (terminated) with `flags`, to which O_CLOEXEC and O_NONBLOCK are added.
 * With a policy other than SYMLINKS_FOLLOW every component that is not trusted is looked at, and a
 * link that is not allowed gives ELOOP. 0 and *fd_out, which the caller closes; or an errno value.
 */
int static_open(const char *path, struct symlink_check check, int flags, int *fd_out) MUST_USE;

#endif
