/* Another program takes the place of this one while both serve. */
#ifndef PROC_UPGRADE_H
#define PROC_UPGRADE_H

#include "app/conf.h"

/* In a program that was started to take another one's place: the sockets that it was handed, as
 * listeners_open takes them; the caller frees it. NULL: this one was not. After
 * environment_apply. */
struct app_conf *upgrade_take_sockets(void);

/* Was this program started to take another one's place? */
bool upgrade_is_heir(void);

/* `on_failed` is called from the loop when a program that was to take our place has ended. */
void upgrade_init(void (*on_failed)(void));

/* Moves the pid file of `conf` aside, to "….oldbin", and starts the program of the command line
 * with the sockets of `conf`. What fails is logged. Outside of the loop's callbacks. */
void upgrade_start(struct app_conf *conf);

/* Do two programs share the sockets now? */
bool upgrade_is_under_way(void);

/* At the end of the master: removes the pid file that was moved aside. */
void upgrade_end(void);

#endif
