/* The order is nginx's: logs first, so that all that follows can be told; then shared memory and
 * Lua; listeners last, so that sockets taken over from the old configuration never have to be given
 * back. A machine can only be opened when the old one is closed: when the new configuration's Lua
 * or listeners fail, the old one's is opened again. */
#include "proc/boot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/listeners.h"
#include "app/zones.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/product.h"
#include "bind/machine.h"
#include "bind/vm.h"
#include "loop/loop.h"
#include "proc/daemon.h"
#include "proc/environment.h"
#include "proc/signals.h"
#include "proc/upgrade.h"

/* `path` from `base`, which is absolute and ends with '/'. */
static char *join(const char *base, const char *path)
{
    struct buf b = BUF_EMPTY;
    char *joined;

    buf_printf(&b, "%s%s", path[0] == '/' ? "" : base, path);
    joined = mem_strdup(buf_slice(&b));
    buf_free(&b);
    return joined;
}

static char *find_prefix(const char *given)
{
    char here[4096];
    struct buf b = BUF_EMPTY;
    char *prefix;

    if (!getcwd(here, sizeof(here)))
        here[0] = '\0';
    if (!given || given[0] != '/')
        buf_printf(&b, "%s/", strcmp(here, "/") == 0 ? "" : here);
    if (given && strcmp(given, ".") != 0 && strcmp(given, "./") != 0)
        buf_add_slice(&b, slice_str(given));
    if (!slice_has_suffix(buf_slice(&b), SLICE("/")))
        buf_add_char(&b, '/');
    prefix = mem_strdup(buf_slice(&b));
    buf_free(&b);
    return prefix;
}

void boot_init(struct boot *b, const struct command *command, const char *fallback)
{
    const char *log = command->error_log ? command->error_log : "logs/error.log";
    struct buf path = BUF_EMPTY;

    buf_printf(&path, "conf/%s.conf", product_family());
    *b = (struct boot){.directives = command->directives, .is_log_given = command->error_log};
    b->prefix = find_prefix(command->prefix);
    b->path = join(b->prefix, command->path ? command->path : buf_cstr(&path));
    if (!command->path && !command->prefix && access(b->path, F_OK) < 0) {
        mem_free(b->path);
        b->path = join("/", fallback);
    }
    buf_free(&path);
    if (strcmp(log, "stderr") != 0)
        b->early_log = join(b->prefix, log);
}

void boot_deinit(struct boot *b)
{
    mem_free(b->prefix);
    mem_free(b->path);
    mem_free(b->early_log);
}

struct app_conf *boot_load(struct boot *b, struct config_error *e)
{
    memset(e, 0, sizeof(*e));
    return conf_load(slice_str(b->prefix), slice_str(b->path),
                     b->directives ? slice_str(b->directives) : SLICE_EMPTY, e);
}

static bool open_logs(struct boot *b, struct app_conf *conf, struct config_error *e)
{
    if (!conf_open_logs(conf, e))
        return false;
    log_set_default(&conf->error_log);
    b->is_open = true;
    return true;
}

static bool open_lua(struct app_conf *conf)
{
    vm_lua_dir(); /* an environment variable may name it: found before they go */
    environment_apply(conf->env, conf->n_env);
    machine_close();
    return app_open_lua(conf);
}

bool boot_check_lua(struct app_conf *conf, struct config_error *e)
{
    if (!app_check_lua(conf, e))
        return false;
    if (!conf->handlers || conf->init_by_lua[CONF_HTTP] || conf->init_by_lua[CONF_STREAM])
        return true;
    loop_init(conf->backend);
    app_open_zones(conf, NULL);
    if (!open_lua(conf))
        return config_error_set(e, NULL, 0, "Lua cannot be started");
    return app_load_handlers(conf, e);
}

/* The new configuration did not make it. */
static void go_back(struct boot *b, struct app_conf *old)
{
    if (!old) {
        b->is_open = false;
        log_set_default(NULL);
        machine_close();
        return;
    }
    log_set_default(&old->error_log);
    if (!open_lua(old))
        log_write(NULL, LOG_ALERT, "Lua of the old configuration cannot be opened again");
}

static void append_to_early_log(const struct boot *b, struct slice text)
{
    struct log_sink sink = {.level = LOG_NOTICE, .fd = STDERR_FILENO};
    struct log_ctx ctx = {.sink = &sink};
    const struct err *err;

    if (!b->early_log)
        return;
    sink.path = mem_strdup(slice_str(b->early_log));
    err = log_open(&sink);
    if (!err)
        log_text(&ctx, LOG_EMERG, text);
    else if (b->is_log_given)
        fprintf(stderr, "%s: [alert] could not open error log file: open() \"%s\" failed (%s)\n",
                product_family(), b->early_log, err->message);
    log_close(&sink);
}

void boot_report(struct boot *b, const struct config_error *e)
{
    struct buf text = BUF_EMPTY;

    config_error_format(e, CONFIG_ERROR_NGINX, &text);
    if (!daemon_is_detached())
        fprintf(stderr, "%s: [emerg] " SLICE_FMT "\n", product_family(),
                SLICE_ARG(buf_slice(&text)));
    if (!b->is_open)
        append_to_early_log(b, buf_slice(&text));
    else if (log_default()->path)
        log_text(NULL, LOG_EMERG, buf_slice(&text));
    buf_free(&text);
}

void boot_reopen_logs(struct app_conf *conf)
{
    conf_reopen_logs(conf);
    daemon_redirect_stderr(conf->error_log.fd);
}

/* Whoever sees the socket of a starting server may send it a signal, which must find a handler. */
static bool open_listeners(struct app_conf *conf, struct app_conf *old, struct config_error *e)
{
    struct app_conf *handed = old ? NULL : upgrade_take_sockets();
    bool is_open;

    if (!old)
        signals_block();
    is_open = listeners_open(conf, old ? old : handed, e);
    if (handed) {
        listeners_leave(handed);
        conf_free(&handed);
    }
    if (is_open)
        return true;
    if (!old)
        signals_unblock();
    return false;
}

bool boot_open(struct boot *b, struct app_conf *conf, struct app_conf *old)
{
    struct config_error e = {0};

    if (!open_logs(b, conf, &e)) {
        boot_report(b, &e);
        return false;
    }
    app_open_zones(conf, old);
    if (open_lua(conf) && open_listeners(conf, old, &e)) {
        zones_fit_bus(conf);
        return true;
    }
    if (e.message[0])
        boot_report(b, &e);
    else if (!old && conf->error_log.path)
        fprintf(stderr, "%s: [emerg] Lua failed to start, see %s\n", product_family(),
                conf->error_log.path);
    go_back(b, old);
    if (old && !e.message[0])
        log_write(NULL, LOG_EMERG, "Lua of the new configuration failed, the old one goes on");
    return false;
}
