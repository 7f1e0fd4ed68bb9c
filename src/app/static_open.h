/* Opening a file under a policy for symbolic links. */
#ifndef APP_STATIC_OPEN_H
#define APP_STATIC_OPEN_H

#include "app/location.h"

/* Opens the absolute `path` (terminated) with `flags`, to which O_CLOEXEC and O_NONBLOCK are added.
 * With a policy other than SYMLINKS_FOLLOW every component is looked at, and a link that is not
 * allowed gives ELOOP. 0 and *fd_out, which the caller closes; or an errno value. */
int static_open(const char *path, enum symlink_policy policy, int flags, int *fd_out) MUST_USE;

#endif
