/* The files of a cache: path/level/…/digest, a head (proto/cache_head) and the body. A file appears
 * under its name when it is whole, and is never changed afterwards but for its age and the time
 * until which it is good. */
#ifndef APP_PROXY_CACHE_FILE_H
#define APP_PROXY_CACHE_FILE_H

#include "app/proxy/cache_zone.h"
#include "base/file_draft.h"
#include "proto/cache_head.h"

/* One that is open. */
struct cache_file {
    int fd;                 /* -1: none is */
    struct cache_head head; /* its slices are in `bytes` */
    struct buf bytes;
    size_t body_at;
    uint64_t disk_size;
};

/* One that is being written. */
struct cache_draft {
    struct file_draft file;
    struct buf head; /* as it was written, to be completed */
    uint64_t size;
};

/* Its name, terminated, for the caller to free. */
struct buf cache_file_name(const struct cache_zone *z, const unsigned char *digest);

/* Opens it and reads its head. err_protocol: it is none of ours, or broken. */
const struct err *cache_file_open(const struct cache_zone *z, const unsigned char *digest,
                                  struct cache_file *out) MUST_USE;

/* The same by its name. */
const struct err *cache_file_open_name(const char *name, struct cache_file *out) MUST_USE;

/* Closes it; nothing when none is open. */
void cache_file_close(struct cache_file *f);

/* It is as old, and good for as long, as `newer` says; f->head, too. */
const struct err *cache_file_renew(struct cache_file *f, const struct cache_head *newer) MUST_USE;

/* Removes it; it is no failure when there is none. */
void cache_file_remove(const struct cache_zone *z, const unsigned char *digest);

/* Begins a file with that head. */
const struct err *cache_draft_begin(const struct cache_zone *z, const unsigned char *digest,
                                    const struct cache_head *head,
                                    struct cache_draft *out) MUST_USE;

/* More of the body. */
const struct err *cache_draft_add(struct cache_draft *d, struct slice bytes) MUST_USE;

/* It is whole: gets its name, in place of what had it before. Size on disk in *size_out. Ended in
 * any case. */
const struct err *cache_draft_keep(struct cache_draft *d, struct cache_head *head,
                                   uint64_t *size_out) MUST_USE;

/* It comes to nothing; nothing when none is open. */
void cache_draft_drop(struct cache_draft *d);

#endif
