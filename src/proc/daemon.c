/* One fork: the master is the leader of its session, so that its process group is its number and
 * holds its workers. It opens no terminal, hence gets none. The parent stays until the server
 * serves: whoever started it can then connect. */
#include "proc/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready_fd = -1; /* process-wide: the parent waits for a byte on it */
static bool is_detached;  /* process-wide: this process is a daemon */

NORETURN static void await_child(int fd)
{
    char byte;
    ssize_t n;

    do
        n = read(fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    /* not exit(): what is registered to run at the end belongs to the child */
    _exit(n == 1 ? 0 : 1);
}

static void close_terminal(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return;
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

bool daemon_start(void)
{
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return false;
    pid = fork();
    if (pid < 0) {
        close(fds[0]);
        close(fds[1]);
        return false;
    }
    if (pid > 0) {
        close(fds[1]);
        await_child(fds[0]);
    }
    close(fds[0]);
    ready_fd = fds[1];
    is_detached = true;
    setsid();
    close_terminal();
    return true;
}

void daemon_adopt(void)
{
    is_detached = true;
}

void daemon_ready(void)
{
    ssize_t n;

    if (ready_fd < 0)
        return;
    n = write(ready_fd, "", 1);
    UNUSED(n); /* a parent that is gone needs no answer */
    close(ready_fd);
    ready_fd = -1;
}

bool daemon_is_detached(void)
{
    return is_detached;
}

void daemon_redirect_stderr(int fd)
{
    if (is_detached && fd > STDERR_FILENO)
        dup2(fd, STDERR_FILENO);
}
