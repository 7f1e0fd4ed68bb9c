/* A loaded configuration at work in this process: listeners, Lua, servers. What proc/ starts and
 * stops.
 *
 * Order in the master: app_open_zones, app_open_lua, listeners_open, zones_fit_bus, fork. In a
 * worker (and in a single process): app_start. */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/conf.h"

/* Registers the tables of every directive. Once, before conf_load. */
void app_register_directives(void);

/* Maps the shared memory of `conf`, taking over what `old` (may be NULL) has under the same names.
 * conf_free lets go of it. */
void app_open_zones(struct app_conf *conf, const struct app_conf *old);

/* Opens the Lua machine for `conf`, compiles its chunks and runs init_by_lua. False (logged as
 * [emerg]) when it fails. */
bool app_open_lua(struct app_conf *conf);

/* Compiles what Lua stands in the configuration, without a machine. False with `e` filled when some
 * is none. */
bool app_check_lua(const struct app_conf *conf, struct config_error *e) MUST_USE;

/* Loads the modules that `handler` and `middleware` name. False with `e` filled when one cannot be:
 * not there, an error in it, no function. */
bool app_load_handlers(struct app_conf *conf, struct config_error *e) MUST_USE;

/* The number of the process that runs init_worker_by_lua with the master's rights and serves
 * nobody.
 */
enum { APP_AGENT = -1 };

/* Begins to serve in this process as worker `id` of `n`: init_worker_by_lua, then accepting, unless
 * it is APP_AGENT. */
void app_start(struct app_conf *conf, int id, int n);

/* Graceful end: no more accepting (this process's listening sockets are closed), idle connections
 * close, the others after their exchange; `on_idle` is called from the loop once all connections,
 * tasks and premature timers are through.
 */
void app_drain(void (*on_idle)(void));

/* Ends now: exit_worker_by_lua, connections closed, Lua closed, logs left open. */
void app_stop(void);

/* The configuration that is served, or NULL. */
struct app_conf *app_conf_current(void);

/* Worker number from 0, or APP_AGENT. */
int app_worker_id(void);

/* How many workers there are. */
int app_worker_count(void);

/* Is this process draining? (ngx.worker.exiting) */
bool app_is_exiting(void);

#endif
