/* All goes by descriptors of directories and names in them, opened without following links, so that
 * nobody who changes the tree meanwhile can lead us out of it. */
#include "app/files/dav_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/slice.h"

enum { DEPTH_MOST = 128, CHUNK = 1 << 20, PERMISSIONS = 07777 };

/* Does something to the entry `name` of `dir`; `to`: a directory to do it into, or -1. */
typedef int (*entry_fn)(int dir, const char *name, int to, unsigned depth);

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int for_each(int dir, const char *name, entry_fn fn, int to, unsigned depth)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), why = 0;
    struct dirent *e;
    DIR *d;

    if (fd < 0)
        return errno;
    d = fdopendir(fd);
    if (!d) {
        why = errno;
        (void)close(fd);
        return why;
    }
    if (depth > DEPTH_MOST)
        why = ELOOP;
    while (!why && (e = readdir(d)) != NULL)
        if (!is_dots(e->d_name))
            why = fn(dirfd(d), e->d_name, to, depth + 1);
    (void)closedir(d);
    return why;
}

static int remove_entry(int dir, const char *name, int to, unsigned depth)
{
    int why;

    if (unlinkat(dir, name, 0) == 0)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return errno;
    why = for_each(dir, name, remove_entry, to, depth);
    if (why)
        return why;
    return unlinkat(dir, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

int dav_tree_remove(const char *path)
{
    return remove_entry(AT_FDCWD, path, -1, 0);
}

/* --- copying --- */

static int pump(int in, int out, const struct stat *st)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
    ssize_t n;

    while ((n = sendfile(out, in, NULL, CHUNK)) != 0)
        if (n < 0 && errno != EINTR)
            return errno;
    if (fchmod(out, st->st_mode & PERMISSIONS) < 0 || futimens(out, times) < 0)
        return errno;
    return 0;
}

/* Ends a copy: some file systems report a failed write only when the file is closed. */
static int close_both(int in, int out, int why)
{
    if (close(out) < 0 && !why)
        why = errno;
    (void)close(in);
    return why;
}

static int copy_file(int dir, const char *name, int to, const struct stat *st)
{
    int in = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), out;

    if (in < 0)
        return errno;
    out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0) {
        int why = errno;

        (void)close(in);
        return why;
    }
    return close_both(in, out, pump(in, out, st));
}

static int copy_entry(int dir, const char *name, int to, unsigned depth);

static int make_dir(int to, const char *name, const struct stat *st)
{
    return mkdirat(to, name, (st->st_mode & PERMISSIONS) | S_IRWXU) < 0 ? errno : 0;
}

/* What is in the directory `name` of `dir`. */
static int copy_below(int dir, const char *name, int to, const char *to_name, unsigned depth)
{
    int fd = openat(to, to_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), why;

    if (fd < 0)
        return errno;
    why = for_each(dir, name, copy_entry, fd, depth);
    (void)close(fd);
    return why;
}

static int copy_entry(int dir, const char *name, int to, unsigned depth)
{
    struct stat st;
    int why;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return S_ISREG(st.st_mode) ? copy_file(dir, name, to, &st) : 0;
    why = make_dir(to, name, &st);
    return why ? why : copy_below(dir, name, to, name, depth);
}

/* By way of a temporary name beside it. */
static int replace_file(const char *from, const char *to, const struct stat *st)
{
    struct buf name = BUF_EMPTY;
    int in = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), out, why;

    if (in < 0)
        return errno;
    buf_printf(&name, "%s.XXXXXX", to);
    out = mkostemp(name.p, O_CLOEXEC);
    why = errno;
    if (out < 0) {
        (void)close(in);
    } else {
        why = close_both(in, out, pump(in, out, st));
        if (!why && rename(name.p, to) < 0)
            why = errno;
        if (why)
            (void)unlink(name.p);
    }
    buf_free(&name);
    return why;
}

int dav_tree_copy(const char *from, const char *to, bool is_whole)
{
    struct stat st;
    int why;

    if (lstat(from, &st) < 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return S_ISREG(st.st_mode) ? replace_file(from, to, &st) : EPERM;
    why = make_dir(AT_FDCWD, to, &st);
    return why || !is_whole ? why : copy_below(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int dav_tree_move(const char *from, const char *to)
{
    int why;

    if (rename(from, to) == 0)
        return 0;
    if (errno != EXDEV)
        return errno;
    why = dav_tree_copy(from, to, true);
    return why ? why : dav_tree_remove(from);
}
