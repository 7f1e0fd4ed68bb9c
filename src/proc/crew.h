/* The master's view of its workers: forked, watched, signalled, replaced. */
#ifndef PROC_CREW_H
#define PROC_CREW_H

#include "app/conf.h"
#include "proc/privs.h"

/* Sets up an empty crew. `on_change` is called from the loop when crew_attend has something to do.
 */
void crew_init(void (*on_change)(void));

/* From now on workers are those of `conf`; those that run are leaving ones and end once the new
 * ones are ready. Forks the new ones: call it outside of the loop's callbacks. */
void crew_start(struct app_conf *conf, const struct privs *privs);

/* Sends `signum` to all workers. */
void crew_signal(int signum);

/* No worker is replaced from now on (until crew_start). */
void crew_dismiss(void);

/* Does what on_change announced: ended workers are taken note of and replaced, old ones sent away.
 * Outside of callbacks. */
void crew_attend(void);

/* Are there no processes left? */
bool crew_is_gone(void);

#endif
