/* Written in place, not by way of a rename: the path may be a device, and its folder need not be
 * writable. */
#include "proc/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"

enum { PID_TEXT_MOST = 64 };

const struct err *pidfile_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    char text[32];
    size_t n = num_format(text, getpid());
    const struct err *e;

    if (fd < 0)
        return err_from_errno(errno);
    text[n++] = '\n';
    e = file_write_all(fd, text, n);
    close(fd);
    return e;
}

bool pidfile_read(const char *path, pid_t *pid_out, struct buf *problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[PID_TEXT_MOST];
    struct slice digits;
    ssize_t n;
    int64_t v;

    if (fd < 0) {
        buf_printf(problem, "open() \"%s\" failed (%d: %s)", path, errno, strerror(errno));
        return false;
    }
    n = read(fd, text, sizeof(text));
    close(fd);
    digits = slice_of(text, n > 0 ? (size_t)n : 0);
    while (digits.n && (digits.p[digits.n - 1] == '\n' || digits.p[digits.n - 1] == '\r'))
        digits.n--;
    if (!num_parse_u63(digits, &v) || v <= 0 || v > INT32_MAX) {
        buf_printf(problem, "invalid PID number \"" SLICE_FMT "\" in \"%s\"", SLICE_ARG(digits),
                   path);
        return false;
    }
    *pid_out = (pid_t)v;
    return true;
}

void pidfile_remove(const char *path)
{
    struct buf problem = BUF_EMPTY;
    struct stat st;
    pid_t pid = 0;

    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && pidfile_read(path, &pid, &problem) &&
        pid == getpid())
        unlink(path);
    buf_free(&problem);
}
