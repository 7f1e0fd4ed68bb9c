/* Files that lie compressed beside the plain ones: page.html.br, page.html.zst, page.html.gz. */
#ifndef APP_FILES_STATIC_PACKED_H
#define APP_FILES_STATIC_PACKED_H

#include "app/files/file_cache.h"
#include "app/visit.h"
#include "proto/compress.h"

/* The file to send in place of the one at `path`: of the codings that the location has such files
 * for the one that the client prefers. Its coding and a hold on *file_out; or CODING_COUNT when
 * there is none for this client. Says Vary where another client might get something else. */
enum coding static_packed_open(struct visit *v, struct slice path,
                               const struct file_cache_file **file_out);

#endif
