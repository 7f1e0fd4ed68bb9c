/* Children: on SIGCHLD every watched pid is asked for, and no other, so that whoever forks and
 * waits for itself is not disturbed. Few children are expected: a signal costs one waitpid for
 * each.
 *
 * A child may have ended before it was watched, its signal long gone: child_watch therefore has one
 * look queued. A child that somebody else has reaped is reported as having exited with 255.
 *
 * SIGCHLD is watched from the first child on. */
#include "loop/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "loop/loop.h"
#include "loop/loop_ev.h"
#include "loop/signal.h"

enum { REAPED_ELSEWHERE = 255 << 8 };

static void on_look(struct loop_call *call);

static struct list children = LIST_INIT(children); /* process-wide: so are children */
static struct loop_call look = {LIST_INIT(look.node),
                                on_look}; /* process-wide: one look serves all */

static void look_at_all(void)
{
    struct list todo, *node;

    list_init(&todo);
    list_splice(&todo, &children);
    while ((node = list_pop(&todo)) != NULL) {
        struct child *c = CONTAINER_OF(node, struct child, node);
        int status = 0;
        pid_t pid = waitpid(c->pid, &status, WNOHANG);

        list_append(&children, node);
        if (pid == 0)
            continue;
        if (pid < 0)
            status = REAPED_ELSEWHERE;
        child_unwatch(c);
        c->fn(c, status);
    }
}

static void on_look(struct loop_call *call)
{
    UNUSED(call);
    look_at_all();
}

static void on_sigchld(int signum, void *arg)
{
    UNUSED(signum);
    UNUSED(arg);
    look_at_all();
}

static void forget(void)
{
    LIST_FOR_SAFE (it, &children)
        child_unwatch(CONTAINER_OF(it, struct child, node));
    loop_cancel(&look);
}

void child_watch(struct child *c, pid_t pid, void (*fn)(struct child *c, int wait_status))
{
    loop_ev_forget_children = forget;
    signal_watch(SIGCHLD, on_sigchld, NULL);
    c->pid = pid;
    c->fn = fn;
    list_init(&c->node);
    list_append(&children, &c->node);
    loop_ev_active++;
    loop_next(&look);
}

void child_unwatch(struct child *c)
{
    if (list_is_empty(&c->node))
        return;
    list_remove(&c->node);
    loop_ev_active--;
}
