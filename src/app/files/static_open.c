/* Opening files for static content.
 *
 * Where links may not be followed the path is walked component by component with openat and
 * O_NOFOLLOW, beginning at the root of the file system, so that nothing between a check and the use
 * can put a link in the way. A component that turns out to be a link is refused, or, with
 * SYMLINKS_SAME_OWNER, opened when link and target belong to the same user. What `from=` names is
 * opened as it is, and the walk begins there. */
#include "app/files/static_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/variables/script.h"

enum { ALWAYS = O_CLOEXEC | O_NONBLOCK, PASSING = O_PATH | O_DIRECTORY | O_CLOEXEC };

static int open_retrying(int dir, const char *name, int flags)
{
    int fd;

    do
        fd = openat(dir, name, flags);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* The link `name` of `dir`, which was not opened because it is one. -1 with errno. */
static int open_link(int dir, const char *name, enum symlink_policy policy, int flags)
{
    struct stat link, target;
    int why = errno, fd;

    if (fstatat(dir, name, &link, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(link.st_mode)) {
        errno = why;
        return -1;
    }
    if (policy == SYMLINKS_DENY) {
        errno = ELOOP;
        return -1;
    }
    fd = open_retrying(dir, name, flags);
    if (fd < 0)
        return -1;
    if (fstat(fd, &target) != 0 || target.st_uid != link.st_uid) {
        (void)close(fd);
        errno = ELOOP;
        return -1;
    }
    return fd;
}

/* O_PATH opens a link itself where O_NOFOLLOW keeps it from being followed; O_DIRECTORY prevents
 * that. */
static int refuse_link_itself(int fd, int flags)
{
    struct stat st;

    if (fd < 0 || (flags & (O_PATH | O_DIRECTORY)) != O_PATH || fstat(fd, &st) != 0 ||
        !S_ISLNK(st.st_mode))
        return fd;
    (void)close(fd);
    errno = ELOOP;
    return -1;
}

static int open_component(int dir, const char *name, enum symlink_policy policy, int flags)
{
    int fd = refuse_link_itself(open_retrying(dir, name, flags | O_NOFOLLOW), flags);

    /* A link shows as ELOOP, or as ENOTDIR where a directory was asked for. */
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        fd = open_link(dir, name, policy, flags);
    return fd;
}

/* Cuts the next component off *path; false at the end. */
static bool next_component(const char **path, char name[NAME_MAX + 1], bool *is_too_long)
{
    const char *end;
    size_t n;

    while (**path == '/')
        ++*path;
    end = strchrnul(*path, '/');
    n = (size_t)(end - *path);
    *is_too_long = n > NAME_MAX;
    if (n == 0 || *is_too_long)
        return false;
    memcpy(name, *path, n);
    name[n] = '\0';
    *path = end;
    return true;
}

static bool has_more(const char *path)
{
    return path[strspn(path, "/")] != '\0';
}

/* Where a walk begins: what is trusted of the path, or the root. */
static int open_start(const char *path, size_t trusted, int flags)
{
    char start[PATH_MAX];

    if (trusted == 0)
        return open_retrying(AT_FDCWD, "/", flags);
    if (trusted >= sizeof(start)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(start, path, trusted);
    start[trusted] = '\0';
    return open_retrying(AT_FDCWD, start, flags);
}

static int walk(const char *path, struct symlink_check check, int flags)
{
    char name[NAME_MAX + 1];
    bool is_too_long;
    int next,
        dir = open_start(path, check.trusted, has_more(path + check.trusted) ? PASSING : flags);

    path += check.trusted;
    while (dir >= 0 && next_component(&path, name, &is_too_long)) {
        bool is_last = !has_more(path);

        /* "file/" names a directory */
        next = open_component(dir, name, check.policy,
                              !is_last ? PASSING : flags | (*path == '/' ? O_DIRECTORY : 0));
        if (next < 0) {
            int why = errno;

            (void)close(dir);
            errno = why;
            return -1;
        }
        (void)close(dir);
        dir = next;
    }
    if (dir >= 0 && is_too_long) {
        (void)close(dir);
        errno = ENAMETOOLONG;
        return -1;
    }
    return dir;
}

struct symlink_check static_open_check(struct visit *v, struct slice path)
{
    struct symlink_check check = {v->loc->symlinks, 0};
    struct slice from;

    if (LIKELY(!v->loc->symlinks_from) || check.policy == SYMLINKS_FOLLOW)
        return check;
    from = script_eval(v->loc->symlinks_from, v);
    while (from.n > 0 && from.p[from.n - 1] == '/')
        from.n--;
    if (slice_has_prefix(path, from) && (path.n == from.n || path.p[from.n] == '/'))
        check.trusted = from.n;
    return check;
}

int static_open(const char *path, struct symlink_check check, int flags, int *fd_out)
{
    flags |= ALWAYS;
    *fd_out = check.policy == SYMLINKS_FOLLOW ? open_retrying(AT_FDCWD, path, flags)
                                              : walk(path, check, flags);
    return *fd_out < 0 ? errno : 0;
}
