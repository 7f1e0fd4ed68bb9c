/* Signals note what is wanted and stop the loop; everything is done between two runs of the loop,
 * because much of it forks. To make the master obey another signal: a WANT, a line in `orders`, a
 * line in obey().
 *
 * HUP  a new configuration is loaded, checked and opened; only then it takes the place of the old
 * one. The listening sockets of addresses that stay are the same ones, so that no connection is
 * refused in between. QUIT, TERM and INT  workers end, then the master. USR1  log files. WINCH
 * workers end, the master stays. USR2  another program takes this one's place, see upgrade.c. */
#include "proc/master.h"

#include <signal.h>
#include <string.h>

#include "app/app.h"
#include "app/listeners.h"
#include "base/log.h"
#include "base/product.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "proc/crew.h"
#include "proc/daemon.h"
#include "proc/pidfile.h"
#include "proc/signals.h"
#include "proc/title.h"
#include "proc/upgrade.h"

enum {
    WANT_QUIT = 1 << 0,
    WANT_TERMINATE = 1 << 1,
    WANT_RELOAD = 1 << 2,
    WANT_REOPEN = 1 << 3,
    WANT_REST = 1 << 4,
    WANT_KILL = 1 << 5,
    WANT_UPGRADE = 1 << 6,
    WANT_RESUME = 1 << 7,
};

enum { TERMINATE_GRACE = 1000 };

static const struct order {
    int signum;
    unsigned want;
    const char *action;
} orders[] = {
    {SIGQUIT, WANT_QUIT, "shutting down"},      {SIGTERM, WANT_TERMINATE, "exiting"},
    {SIGINT, WANT_TERMINATE, "exiting"},        {SIGHUP, WANT_RELOAD, "reconfiguring"},
    {SIGUSR1, WANT_REOPEN, "reopening logs"},   {SIGWINCH, WANT_REST, ""},
    {SIGUSR2, WANT_UPGRADE, "changing binary"},
};

static struct {
    struct boot *boot;
    struct app_conf *conf;
    struct privs privs;
    unsigned wants;
    bool is_ending, is_resting; /* without workers, by WINCH */
    struct timer grace;
} master; /* process-wide: this process */

static void on_order(int signum, pid_t sender)
{
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        if (orders[i].signum != signum)
            continue;
        signals_log(signum, sender, orders[i].action);
        master.wants |= orders[i].want;
    }
    loop_stop();
}

static void on_grace_over(struct timer *t)
{
    UNUSED(t);
    master.wants |= WANT_KILL;
    loop_stop();
}

static void on_upgrade_failed(void)
{
    master.wants |= WANT_RESUME;
    loop_stop();
}

static void on_crew_change(void)
{
    loop_stop();
}

static void move_pidfile(struct app_conf *old, struct app_conf *new)
{
    const char *from = conf_path(old, old->pid_path), *to = conf_path(new, new->pid_path);
    const struct err *err;

    if (strcmp(from, to) == 0)
        return;
    err = pidfile_write(to);
    if (err)
        log_write(NULL, LOG_EMERG, "open() \"%s\" failed (%s)", to, err->message);
    else
        pidfile_remove(from);
}

/* Puts `conf` in the place of the one that was in use. */
static void replace(struct app_conf *conf, const struct privs *privs)
{
    struct app_conf *old = master.conf;

    move_pidfile(old, conf);
    listeners_close(old, !upgrade_is_under_way());
    master.conf = conf;
    master.privs = *privs;
    daemon_redirect_stderr(conf->error_log.fd);
    conf_free(&old);
    master.is_resting = false;
    crew_start(conf, &master.privs);
}

static void reload(void)
{
    struct config_error e;
    struct privs privs;
    struct app_conf *conf;

    log_write(NULL, LOG_NOTICE, "reconfiguring");
    conf = boot_load(master.boot, &e);
    if (!conf || !privs_resolve(conf, &privs, &e)) {
        boot_report(master.boot, &e);
    } else if (boot_open(master.boot, conf, master.conf)) {
        replace(conf, &privs);
        return;
    }
    conf_free(&conf);
}

static void end_workers(int signum)
{
    bool is_first = !master.is_ending;

    master.is_ending = true;
    crew_dismiss();
    crew_signal(signum);
    if (is_first)
        listeners_close(master.conf, !upgrade_is_under_way());
}

static void obey(unsigned wants)
{
    if (wants & WANT_KILL)
        crew_signal(SIGKILL);
    if (wants & WANT_TERMINATE) {
        end_workers(SIGTERM);
        timer_start(&master.grace, TERMINATE_GRACE);
    } else if (wants & WANT_QUIT) {
        end_workers(SIGQUIT);
    }
    if (wants & WANT_REOPEN) {
        log_write(NULL, LOG_NOTICE, "reopening logs");
        boot_reopen_logs(master.conf);
        privs_own_logs(&master.privs, master.conf);
        crew_signal(SIGUSR1);
    }
    if (master.is_ending)
        return;
    /* a terminal sends it, too, when its size changes */
    if (wants & WANT_REST && daemon_is_detached()) {
        master.is_resting = true;
        crew_dismiss();
        crew_signal(SIGQUIT);
    }
    if (wants & WANT_RELOAD)
        reload();
    if (wants & WANT_RESUME && master.is_resting) {
        master.is_resting = false;
        crew_start(master.conf, &master.privs);
    }
    if (wants & WANT_UPGRADE)
        upgrade_start(master.conf);
}

struct app_conf *master_run(struct boot *boot, struct app_conf *conf, const struct privs *privs)
{
    unsigned wants;

    master.boot = boot;
    master.conf = conf;
    master.privs = *privs;
    title_set("%s: master process %s", product_name(), title_arguments());
    timer_init(&master.grace, on_grace_over);
    for (size_t i = 0; i < ARRAY_LEN(orders); i++)
        signals_watch(orders[i].signum, on_order);
    loop_hold();
    crew_init(on_crew_change);
    upgrade_init(on_upgrade_failed);
    crew_start(conf, &master.privs);
    daemon_ready();
    while (!master.is_ending || !crew_is_gone()) {
        loop_run();
        wants = master.wants;
        master.wants = 0;
        crew_attend();
        obey(wants);
    }
    timer_stop(&master.grace);
    loop_release();
    return master.conf;
}
