/* What all workers together have accepted and answered, and what they are doing: $connections_* and
 * stub_status. Each worker counts in its own place of a page they share. */
#ifndef APP_SERVER_COUNTS_H
#define APP_SERVER_COUNTS_H

#include "http/server/server_stats.h"

/* In the master: a page for the `n` workers that are forked from now on; what was counted so far is
 * kept. */
void server_counts_open(int n);

/* In a worker: it is number `id`, and counts in the page from now on. */
void server_counts_join(int id);

/* The sums; of this process alone, where there is no page. */
void server_counts_get(struct server_stats *out);

#endif
