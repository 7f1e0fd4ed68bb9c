/* What a visit holds of limit_conn, until it ends. */
#ifndef APP_ACCESS_LIMIT_LEASE_H
#define APP_ACCESS_LIMIT_LEASE_H

#include "app/visit.h"
#include "shm/tally.h"

/* Takes one more of `key`, of which there are `most`, for `v`: as tally_take. */
enum dict_result limit_lease_take(struct visit *v, struct dict *d, struct slice key, uint64_t most);

/* Gives back all that `v` has taken. */
void limit_lease_end(struct visit *v);

#endif
