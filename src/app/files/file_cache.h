/* Files that are served often: small ones kept in memory, larger ones kept open. One cache per
 * process, bounded. */
#ifndef APP_FILES_FILE_CACHE_H
#define APP_FILES_FILE_CACHE_H

#include "app/location.h"
#include "base/slice.h"

enum {
    FILE_CACHE_SMALL_MOST = 65536,         /* larger files are not read into memory */
    FILE_CACHE_MEMORY_MOST = 32 * 1048576, /* bytes in all */
    FILE_CACHE_FILES_MOST = 4096,
    FILE_CACHE_OPEN_MOST = 256, /* descriptors */
    FILE_CACHE_CHECK_MS = 1000, /* no file is older than this when it is given out */
};

/* A regular file as it was at one moment. */
struct file_cache_file {
    struct slice path; /* terminated */
    int64_t size, mtime;
    struct slice etag;          /* with its quotes */
    struct slice last_modified; /* an HTTP date */
    const char *bytes;          /* the content; NULL: read from fd */
    int fd;                     /* -1 when there are bytes */
};

/* The file at the absolute, terminated `path`. 0 and a hold on *file_out, ended by
 * file_cache_release; or an errno value: EISDIR for a directory, ENXIO for what is neither file nor
 * directory, else the system's. */
int file_cache_open(struct slice path, struct symlink_check check,
                    const struct file_cache_file **file_out) MUST_USE;

/* Is the file in the cache and known to be there? Asks the system at most once a second. */
bool file_cache_has(struct slice path, struct symlink_check check);

/* Ends a hold. */
void file_cache_release(const struct file_cache_file *file);

/* Forgets every file; those that are held live on until released. */
void file_cache_clear(void);

#endif
