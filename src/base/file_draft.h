/* A file that gets its name when it is whole. Until then it lies beside its place, under that name
 * and ".PID.N" of its process. May block. Where one fails errno says why, too. */
#ifndef BASE_FILE_DRAFT_H
#define BASE_FILE_DRAFT_H

#include "base/buf.h"
#include "base/err.h"

struct file_draft {
    int fd; /* -1: none is open */
    struct buf path, temporary;
};

/* Begins the file that is to be `path`, mode 0600; folders of it that are missing are made, with
 * that mode. Nothing is open when it fails. */
const struct err *file_draft_begin(struct file_draft *d, struct slice path,
                                   mode_t folder_mode) MUST_USE;

/* Gives it its name, in place of what had it before. Ended in any case. */
const struct err *file_draft_keep(struct file_draft *d) MUST_USE;

/* It comes to nothing; nothing when none is open. */
void file_draft_drop(struct file_draft *d);

#endif
