/* Who has accepted more connections than the others, and who are they? Workers note their numbers
 * in a page they share. */
#ifndef APP_FAIR_SHARE_H
#define APP_FAIR_SHARE_H

#include "base/base.h"

/* In the master: a new page for the `n` workers that are forked from now on. */
void fair_share_open(int n);

/* In a worker: it is number `id` and holds nothing yet. */
void fair_share_join(int id);

/* Notes that this worker holds `n` connections. True when that is clearly more than its share. */
bool fair_share_note(unsigned n);

/* The process number of worker `id` among those that were started with this one; 0: it has not
 * begun yet, or there is none. */
int fair_share_pid(int id);

#endif
