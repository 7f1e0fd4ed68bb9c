/* Files and directories with all that is in them: removed, copied, moved. Symbolic links are never
 * followed; a copy leaves them out. Each answers 0 or an errno; what was done before a failure
 * stays. */
#ifndef APP_FILES_DAV_TREE_H
#define APP_FILES_DAV_TREE_H

#include "base/base.h"

/* Removes `path`. */
int dav_tree_remove(const char *path);

/* Copies `from`, with times and permissions. A file takes the place of a file `to` in one step;
 * where a directory is copied to, nothing may be. `is_whole` false: of a directory only itself. */
int dav_tree_copy(const char *from, const char *to, bool is_whole);

/* Moves `from`, also to another file system. As dav_tree_copy otherwise. */
int dav_tree_move(const char *from, const char *to);

#endif
