/* The procedure is nginx's. USR2: the master moves its pid file aside and executes the program that
 * stands under its own name now, which gets the listening sockets by number in an environment
 * variable, reads the configuration and starts workers; both serve. WINCH to the old master lets
 * its workers finish, QUIT ends it, and the new one is alone. Instead the new one can be told to
 * QUIT: the old one takes its pid file back and, when it has no workers any more, starts some.
 *
 * The variable is "PID:6;7;": the old master may be gone before the new one asks who its parent is.
 * Only the sockets are handed over. Nobody removes the files of Unix sockets while two programs
 * serve them. */
#include "proc/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/listeners_handed.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "loop/child.h"
#include "proc/environment.h"
#include "proc/pidfile.h"
#include "proc/signals.h"
#include "proc/title.h"

#define VARIABLE "PERILUNE_SOCKETS"
#define ASIDE    ".oldbin"

static struct {
    struct child child;
    pid_t pid;    /* of the program that is to take our place; 0: none */
    pid_t parent; /* of whom we are to take the place; 0: nobody */
    char *pid_path, *aside;
    void (*on_failed)(void);
} upgrade; /* process-wide: this process */

struct app_conf *upgrade_take_sockets(void)
{
    const char *value = environment_at_start(VARIABLE);
    struct slice list = slice_str(value ? value : "");
    int64_t parent;

    if (!value || !num_parse_u63(slice_cut(&list, ':'), &parent) || parent > INT32_MAX)
        return NULL;
    upgrade.parent = (pid_t)parent;
    log_write(NULL, LOG_NOTICE, "using inherited sockets from \"" SLICE_FMT "\"", SLICE_ARG(list));
    return listeners_take_handed(list);
}

bool upgrade_is_heir(void)
{
    return upgrade.parent > 0;
}

void upgrade_init(void (*on_failed)(void))
{
    upgrade.on_failed = on_failed;
}

bool upgrade_is_under_way(void)
{
    return upgrade.pid > 0 || (upgrade_is_heir() && getppid() == upgrade.parent);
}

static void move_back(void)
{
    if (rename(upgrade.aside, upgrade.pid_path) < 0)
        log_write(NULL, LOG_ALERT, "rename() \"%s\" to \"%s\" failed (%d: %s)", upgrade.aside,
                  upgrade.pid_path, errno, strerror(errno));
    mem_free(upgrade.aside);
    mem_free(upgrade.pid_path);
    upgrade.aside = upgrade.pid_path = NULL;
}

static void on_child(struct child *c, int status)
{
    UNUSED(c);
    if (WIFSIGNALED(status))
        log_write(NULL, LOG_ALERT, "new binary process %d exited on signal %d", (int)upgrade.pid,
                  WTERMSIG(status));
    else
        log_write(NULL, LOG_NOTICE, "new binary process %d exited with code %d", (int)upgrade.pid,
                  WEXITSTATUS(status));
    upgrade.pid = 0;
    move_back();
    upgrade.on_failed();
}

NORETURN static void run_program(const struct app_conf *conf, pid_t old)
{
    struct buf entry = BUF_EMPTY;

    buf_printf(&entry, VARIABLE "=%d:", (int)old);
    listeners_hand_over(conf, &entry);
    signals_unblock();
    execvpe(ngx_argv[0], ngx_argv, environment_with(buf_cstr(&entry)));
    log_write(NULL, LOG_ALERT, "execve() failed while executing new binary process \"%s\" (%d: %s)",
              ngx_argv[0], errno, strerror(errno));
    _exit(2);
}

static bool move_aside(struct app_conf *conf)
{
    const char *path = conf_path(conf, conf->pid_path);
    struct buf aside = BUF_EMPTY;
    bool is_moved;

    buf_printf(&aside, "%s" ASIDE, path);
    is_moved = rename(path, buf_cstr(&aside)) == 0;
    if (is_moved) {
        upgrade.pid_path = mem_strdup(slice_str(path));
        upgrade.aside = mem_strdup(buf_slice(&aside));
    } else {
        log_write(NULL, LOG_ALERT,
                  "rename() \"%s\" to \"%s\" failed before executing new binary process (%d: %s)",
                  path, buf_cstr(&aside), errno, strerror(errno));
    }
    buf_free(&aside);
    return is_moved;
}

void upgrade_start(struct app_conf *conf)
{
    pid_t self = getpid(), pid;

    if (upgrade_is_under_way()) {
        log_write(NULL, LOG_NOTICE, "the changing binary signal is ignored: %s",
                  "end the old or the new program first");
        return;
    }
    if (!move_aside(conf))
        return;
    signals_block();
    pid = fork();
    if (pid == 0)
        run_program(conf, self);
    if (pid < 0) {
        log_write(NULL, LOG_ALERT, "fork() failed while spawning \"new binary process\" (%d: %s)",
                  errno, strerror(errno));
        move_back();
    } else {
        upgrade.pid = pid;
        child_watch(&upgrade.child, pid, on_child);
        log_write(NULL, LOG_NOTICE, "start new binary process %d", (int)pid);
    }
    signals_unblock();
}

void upgrade_end(void)
{
    if (upgrade.aside)
        pidfile_remove(upgrade.aside);
}
