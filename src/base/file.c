/* Whole files, by calls that may block: for start-up, reload and the threads that do blocking work,
 * not for a loop that serves. A function that fails leaves no temporary file and no descriptor
 * behind, and `out` as it was. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/rand.h"

enum { READ_CHUNK = 16384, TEMP_TRIES = 1000 };

static const struct err *read_all(int fd, size_t most, struct buf *out)
{
    size_t begin = out->n;

    for (;;) {
        /* One byte above the limit is enough to see that it is passed. */
        size_t room = MIN((size_t)READ_CHUNK, most - (out->n - begin)) + 1;
        ssize_t got = read(fd, buf_reserve(out, room), room);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_from_errno(errno);
        if (got == 0)
            return NULL;
        out->n += (size_t)got;
        if (out->n - begin > most)
            return &err_too_large;
    }
}

const struct err *file_read(const char *path, size_t most, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t begin = out->n;
    const struct err *err;

    if (fd < 0)
        return err_from_errno(errno);
    err = read_all(fd, most, out);
    if (err)
        out->n = begin;
    close(fd);
    return err;
}

const struct err *file_write_all(int fd, const void *p, size_t n)
{
    const char *from = p;

    while (n > 0) {
        ssize_t done = write(fd, from, n);

        if (done >= 0) {
            from += done;
            n -= (size_t)done;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            return err_from_errno(errno);
        }
    }
    return NULL;
}

static const struct err *fill(int fd, struct slice content, mode_t mode)
{
    const struct err *err = file_write_all(fd, content.p, content.n);

    if (err)
        return err;
    /* The new name must not appear after a power cut without its content. */
    if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
        return err_from_errno(errno);
    return NULL;
}

const struct err *file_replace(const char *path, struct slice content, mode_t mode)
{
    struct buf name = BUF_EMPTY;
    const struct err *err;
    int fd;

    buf_printf(&name, "%s.XXXXXX", path);
    fd = mkostemp(name.p, O_CLOEXEC);
    if (fd < 0) {
        err = err_from_errno(errno);
        buf_free(&name);
        return err;
    }
    err = fill(fd, content, mode);
    /* Some file systems report a failed write only here. */
    if (close(fd) < 0 && !err)
        err = err_from_errno(errno);
    if (!err && rename(name.p, path) < 0)
        err = err_from_errno(errno);
    if (err)
        unlink(name.p);
    buf_free(&name);
    return err;
}

static const struct err *make_dir(const char *path, mode_t mode)
{
    struct stat st;
    int errnum;

    if (mkdir(path, mode) == 0)
        return NULL;
    errnum = errno;
    /* Whatever mkdir has to say of a directory that is there, such as EROFS, does not matter. */
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? NULL : &err_exists;
    return err_from_errno(errnum);
}

const struct err *file_mkdirs(const char *path, mode_t mode)
{
    char *copy = mem_strdup(slice_str(path));
    const struct err *err = NULL;

    for (char *at = copy + 1; copy[0] && *at && !err; at++) {
        if (*at != '/' || at[-1] == '/')
            continue;
        *at = '\0';
        /* A parent that its owner cannot enter would be of no use. */
        err = make_dir(copy, mode | S_IWUSR | S_IXUSR);
        *at = '/';
    }
    if (!err)
        err = make_dir(copy, mode);
    mem_free(copy);
    return err;
}

/* Numbered from anywhere, because processes share the directory; a number that is taken is passed
 * over. */
static int create_numbered(const char *dir, struct buf *name)
{
    static uint32_t number; /* process-wide: of the last file */
    int fd, tries = 0;

    if (number == 0)
        rand_bytes(&number, sizeof(number));
    do {
        name->n = 0;
        buf_printf(name, "%s/%010" PRIu32, dir, ++number);
        fd = open(buf_cstr(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EEXIST && ++tries < TEMP_TRIES);
    return fd;
}

const struct err *file_temp(const char *dir, struct buf *path_out, int *fd_out)
{
    struct buf name = BUF_EMPTY;
    const struct err *err = NULL;
    int fd = create_numbered(dir, &name);

    if (fd < 0)
        err = err_from_errno(errno);
    else if (path_out)
        buf_add(path_out, name.p, name.n);
    else
        unlink(name.p);
    if (!err) {
        *fd_out = fd;
        if (path_out)
            buf_cstr(path_out);
    }
    buf_free(&name);
    return err;
}

const struct err *file_glob(const char *pattern, void (*fn)(void *arg, const char *path), void *arg)
{
    glob_t found = {.gl_pathc = 0};
    int result = glob(pattern, 0, NULL, &found);
    const struct err *err = NULL;

    if (result == GLOB_NOSPACE)
        PANIC("out of memory in glob");
    if (result == GLOB_NOMATCH)
        err = strpbrk(pattern, "*?[") ? NULL : &err_not_found;
    else if (result != 0)
        err = &err_io;
    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
        fn(arg, found.gl_pathv[i]);
    globfree(&found);
    return err;
}

mode_t file_folder_mode(mode_t mode)
{
    return mode | (mode & 0444) >> 2;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool file_is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           is_same_time(a->st_mtim, b->st_mtim) && is_same_time(a->st_ctim, b->st_ctim);
}
