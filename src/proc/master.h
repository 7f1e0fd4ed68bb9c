/* The master: holds configuration and sockets, keeps the workers alive, does what signals ask for.
 */
#ifndef PROC_MASTER_H
#define PROC_MASTER_H

#include "proc/boot.h"
#include "proc/privs.h"

/* Runs until it is told to end and all workers are gone. `conf` is open (boot_open) and is replaced
 * at each reload; the one in use at the end is returned, its listeners closed. Signals are blocked
 * before. */
struct app_conf *master_run(struct boot *boot, struct app_conf *conf, const struct privs *privs);

#endif
