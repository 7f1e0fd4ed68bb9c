/* How a server starts: configuration, logs, Lua and sockets are opened in the process that was
 * started, so that each failure is its exit code; then it leaves the terminal, writes its number
 * and serves, alone or with workers. */
#include "proc/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/app.h"
#include "app/listeners.h"
#include "base/file.h"
#include "base/log.h"
#include "base/product.h"
#include "base/rand.h"
#include "bind/machine.h"
#include "loop/loop.h"
#include "loop/signal.h"
#include "proc/boot.h"
#include "proc/daemon.h"
#include "proc/master.h"
#include "proc/pidfile.h"
#include "proc/privs.h"
#include "proc/upgrade.h"
#include "proc/worker.h"

static void say(const struct command *command, const char *what, const char *path, const char *end)
{
    if (!command->is_quiet)
        fprintf(stderr, "%s: %s %s %s\n", product_family(), what, path, end);
}

/* -t and -T */
static int check(const struct command *command, struct boot *b)
{
    struct config_error e;
    struct app_conf *conf = boot_load(b, &e);
    struct privs privs;
    struct buf text = BUF_EMPTY;
    bool is_well;

    if (conf) {
        conf_print_remarks(conf);
        say(command, "the configuration file", b->path, "syntax is ok");
    }
    is_well = conf && privs_resolve(conf, &privs, &e) && conf_open_logs(conf, &e) &&
              boot_check_lua(conf, &e);
    machine_close();
    if (!is_well) {
        boot_report(b, &e);
        fprintf(stderr, "%s: configuration file %s test failed\n", product_family(), b->path);
        conf_free(&conf);
        return 1;
    }
    say(command, "configuration file", b->path, "test is successful");
    if (command->kind == COMMAND_DUMP) {
        config_dump(conf->tree, &text);
        is_well = !file_write_all(STDOUT_FILENO, text.p, text.n);
        buf_free(&text);
    }
    conf_free(&conf);
    return is_well ? 0 : 1;
}

/* -s */
static int send_signal(const struct command *command, struct boot *b)
{
    struct config_error e;
    struct app_conf *conf = boot_load(b, &e);
    struct buf problem = BUF_EMPTY;
    int signum = command_signal_number(command->signal);
    bool is_sent = false;
    pid_t pid;

    if (!conf) {
        boot_report(b, &e);
        return 1;
    }
    if (!pidfile_read(conf_path(conf, conf->pid_path), &pid, &problem)) {
        fprintf(stderr, "%s: [error] %s; is the server running?\n", product_family(),
                buf_cstr(&problem));
    } else if (kill(pid, signum) < 0) {
        fprintf(stderr, "%s: [alert] kill(%d, %d) failed (%d: %s)%s\n", product_family(), (int)pid,
                signum, errno, strerror(errno), errno == ESRCH ? "; is the server running?" : "");
    } else {
        is_sent = true;
    }
    buf_free(&problem);
    conf_free(&conf);
    return is_sent ? 0 : 1;
}

/* What `require "ngx.errlog"` shows are lines of what runs here, not these. */
static void log_start(void)
{
    log_tap_fn tap = log_set_tap(NULL);
    struct utsname system;

    log_write(NULL, LOG_NOTICE, "%s", product_token());
    if (uname(&system) == 0)
        log_write(NULL, LOG_NOTICE, "OS: %s %s", system.sysname, system.release);
    (void)log_set_tap(tap);
}

/* Leaves the terminal and writes the pid file; from here on the process's number is final. */
static bool settle(struct boot *b, struct app_conf *conf)
{
    const char *path = conf_path(conf, conf->pid_path);
    struct config_error e = {0};
    const struct err *err;

    if (conf->is_daemon && upgrade_is_heir()) {
        daemon_adopt();
    } else if (conf->is_daemon) {
        if (!daemon_start()) {
            config_error_set(&e, NULL, 0, "fork() failed (%d: %s)", errno, strerror(errno));
            boot_report(b, &e);
            return false;
        }
        rand_after_fork();
        loop_after_fork();
    }
    err = pidfile_write(path);
    if (err) {
        config_error_set(&e, NULL, 0, "open() \"%s\" failed (%d: %s)", path, errno,
                         strerror(errno));
        fprintf(stderr, "%s: [emerg] %s\n", product_family(), e.message);
        log_write(NULL, LOG_EMERG, "%s", e.message);
        return false;
    }
    daemon_redirect_stderr(conf->error_log.fd);
    return true;
}

static struct app_conf *serve_alone(struct app_conf *conf)
{
    struct worker_task task = {.conf = conf, .count = 1, .alive_fd = -1};

    daemon_ready();
    worker_serve(&task);
    listeners_close(conf, true);
    return conf;
}

static bool open_all(struct boot *b, struct app_conf **conf_out, struct privs *privs)
{
    struct config_error e;
    struct app_conf *conf = boot_load(b, &e);

    if (!conf || !privs_resolve(conf, privs, &e)) {
        boot_report(b, &e);
        conf_free(&conf);
        return false;
    }
    loop_init(conf->backend);
    if (!boot_open(b, conf, NULL)) {
        conf_free(&conf);
        return false;
    }
    *conf_out = conf;
    return true;
}

static int serve(struct boot *b)
{
    struct app_conf *conf;
    struct privs privs;
    char *pid_path;

    signal_ignore_pipe();
    if (!open_all(b, &conf, &privs))
        return 1;
    if (!settle(b, conf)) {
        listeners_close(conf, !upgrade_is_under_way());
        return 1;
    }
    log_start();
    conf = conf->has_master ? master_run(b, conf, &privs) : serve_alone(conf);
    pid_path = conf_path(conf, conf->pid_path);
    pidfile_remove(pid_path);
    upgrade_end();
    if (conf->has_master)
        log_write(NULL, LOG_NOTICE, "exit");
    machine_close();
    log_set_default(NULL);
    conf_free(&conf);
    return 0;
}

/* Who has only typed the program's name may not know that it wants a configuration. */
static bool has_nothing_to_serve(const struct command *command, const struct boot *b)
{
    if (command->path || command->prefix || access(b->path, F_OK) == 0)
        return false;
    fprintf(stderr, "%s: there is no conf/%s.conf in %s; %s\n", product_name(), product_family(),
            b->prefix, "-c names a configuration, --help tells more");
    return true;
}

int serve_command(const struct command *command, const char *fallback)
{
    struct boot b;
    int code;

    app_register_directives();
    boot_init(&b, command, fallback);
    if (has_nothing_to_serve(command, &b))
        code = 1;
    else if (command->kind == COMMAND_SIGNAL)
        code = send_signal(command, &b);
    else if (command->kind == COMMAND_SERVE)
        code = serve(&b);
    else
        code = check(command, &b);
    boot_deinit(&b);
    return code;
}
