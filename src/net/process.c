/* Starting processes with posix_spawn, which does not copy the page tables of a large worker and
 * tells us itself when a program cannot be executed. The child gets the default action of every
 * signal and an empty mask, and closes everything from descriptor 3 on: libraries open files
 * without O_CLOEXEC.
 *
 * The child's ends of pipes are moved above the three numbers that they are going to have, so that
 * no dup2 there overwrites one that is still needed. */
#include "net/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/child.h"
#include "net/pipe.h"

struct started {
    struct process process;
    struct child child;
    bool is_released;
};

struct pipes {
    int own[PROCESS_ENDS], childs[PROCESS_ENDS]; /* -1: none */
};

static void close_all(int fds[PROCESS_ENDS])
{
    for (int i = 0; i < PROCESS_ENDS; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
        fds[i] = -1;
    }
}

/* Moves a descriptor above those of stdio; false with errno when there is no room. */
static bool move_up(int *fd)
{
    int above;

    if (*fd > STDERR_FILENO)
        return true;
    above = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    (void)close(*fd);
    *fd = above;
    return above >= 0;
}

static bool open_pipe(struct pipes *p, int end)
{
    int fds[2];
    bool is_input = end == PROCESS_STDIN;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return false;
    p->own[end] = fds[is_input ? 1 : 0];
    p->childs[end] = fds[is_input ? 0 : 1];
    return move_up(&p->own[end]) && move_up(&p->childs[end]) &&
           fcntl(p->own[end], F_SETFL, O_NONBLOCK) == 0;
}

static bool open_ends(struct pipes *p, const enum process_end ends[PROCESS_ENDS])
{
    bool is_open = true;

    for (int i = 0; i < PROCESS_ENDS; i++)
        p->own[i] = p->childs[i] = -1;
    for (int i = 0; i < PROCESS_ENDS && is_open; i++) {
        if (ends[i] == PROCESS_PIPE) {
            is_open = open_pipe(p, i);
        } else if (ends[i] == PROCESS_NULL) {
            p->childs[i] =
                open("/dev/null", (i == PROCESS_STDIN ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
            is_open = p->childs[i] >= 0 && move_up(&p->childs[i]);
        }
    }
    return is_open;
}

static int add_actions(posix_spawn_file_actions_t *actions, const struct process_options *o,
                       const struct pipes *p)
{
    int rc = 0;

    for (int i = 0; i < PROCESS_ENDS && !rc; i++) {
        if (o->ends[i] == PROCESS_TO_STDOUT)
            rc = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, i);
        else if (o->ends[i] != PROCESS_INHERIT)
            rc = posix_spawn_file_actions_adddup2(actions, p->childs[i], i);
    }
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    if (!rc && o->dir)
        rc = posix_spawn_file_actions_addchdir_np(actions, o->dir);
    return rc;
}

static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    int rc;

    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    rc = posix_spawnattr_setsigdefault(attributes, &all);
    if (!rc)
        rc = posix_spawnattr_setsigmask(attributes, &none);
    if (!rc)
        rc = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return rc;
}

static int spawn(const struct process_options *o, const struct pipes *p, pid_t *pid_out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (!rc) {
        rc = add_actions(&actions, o, p);
        if (!rc)
            rc = set_signals(&attributes);
        if (!rc)
            rc = posix_spawnp(pid_out, o->argv[0], &actions, &attributes, o->argv,
                              o->env ? o->env : environ);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static void on_child(struct child *c, int wait_status)
{
    struct started *s = CONTAINER_OF(c, struct started, child);

    s->process.has_ended = true;
    s->process.wait_status = wait_status;
    if (s->is_released)
        mem_free(s);
    else if (s->process.on_end)
        s->process.on_end(&s->process);
}

int process_spawn(const struct process_options *o, struct process **process_out,
                  struct stream *ends_out[PROCESS_ENDS])
{
    struct pipes pipes;
    struct started *s;
    pid_t pid = -1;
    int rc;

    rc = open_ends(&pipes, o->ends) ? spawn(o, &pipes, &pid) : errno;
    close_all(pipes.childs);
    if (rc) {
        close_all(pipes.own);
        return rc;
    }
    for (int i = 0; i < PROCESS_ENDS; i++)
        ends_out[i] = pipes.own[i] >= 0 ? pipe_adopt(pipes.own[i]) : NULL;
    s = mem_new(struct started);
    s->process.pid = pid;
    child_watch(&s->child, pid, on_child);
    *process_out = &s->process;
    return 0;
}

int process_signal(const struct process *p, int signum)
{
    if (p->has_ended)
        return ESRCH;
    return kill(p->pid, signum) < 0 ? errno : 0;
}

void process_release(struct process **p)
{
    struct process *dead = *p;
    struct started *s;

    *p = NULL;
    if (!dead)
        return;
    s = CONTAINER_OF(dead, struct started, process);
    if (dead->has_ended) {
        mem_free(s);
        return;
    }
    (void)kill(dead->pid, SIGKILL);
    s->is_released = true;
}
