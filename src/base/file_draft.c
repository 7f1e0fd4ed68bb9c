/* A function that fails leaves errno as what failed has set it. */
#include "base/file_draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static void forget(struct file_draft *d)
{
    int errnum = errno;

    if (d->fd >= 0)
        (void)close(d->fd);
    d->fd = -1;
    buf_free(&d->path);
    buf_free(&d->temporary);
    errno = errnum;
}

static int open_new(struct file_draft *d)
{
    static uint64_t drafts; /* process-wide: makes names differ */
    int fd;

    do { /* a process of our number that was killed may have left one */
        d->temporary.n = 0;
        buf_printf(&d->temporary, SLICE_FMT ".%d.%llu", SLICE_ARG(buf_slice(&d->path)),
                   (int)getpid(), (unsigned long long)++drafts);
        fd = open(d->temporary.p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (fd < 0 && errno == EEXIST);
    return fd;
}

static const struct err *make_folder(struct file_draft *d, mode_t mode)
{
    char *slash = strrchr(d->path.p, '/');
    const struct err *e;

    if (!slash || slash == d->path.p)
        return &err_not_found;
    *slash = '\0';
    e = file_mkdirs(d->path.p, mode);
    *slash = '/';
    return e;
}

const struct err *file_draft_begin(struct file_draft *d, struct slice path, mode_t folder_mode)
{
    const struct err *e = NULL;

    *d = (struct file_draft){.path = BUF_EMPTY, .temporary = BUF_EMPTY};
    buf_add_slice(&d->path, path);
    (void)buf_cstr(&d->path);
    d->fd = open_new(d);
    if (d->fd < 0 && errno == ENOENT) {
        e = make_folder(d, folder_mode);
        d->fd = e ? -1 : open_new(d);
    }
    if (d->fd >= 0)
        return NULL;
    if (!e)
        e = err_from_errno(errno);
    forget(d);
    return e;
}

const struct err *file_draft_keep(struct file_draft *d)
{
    const struct err *e = NULL;

    if (rename(d->temporary.p, d->path.p) < 0) {
        e = err_from_errno(errno);
        file_draft_drop(d);
    }
    forget(d);
    return e;
}

void file_draft_drop(struct file_draft *d)
{
    int errnum = errno;

    if (d->fd < 0)
        return;
    (void)unlink(d->temporary.p);
    errno = errnum;
    forget(d);
}
