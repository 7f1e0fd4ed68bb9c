/* Counts by key of what the processes of a server hold, in a dictionary that they share. What a
 * process held is given back when it dies. */
#ifndef SHM_TALLY_H
#define SHM_TALLY_H

#include "shm/dict.h"

/* Takes one more of `key`, of which there are `most`. DICT_EXISTS: all are held; DICT_NO_MEMORY:
 * there is no place to note it. */
enum dict_result tally_take(struct dict *d, struct slice key, uint64_t most);

/* Gives one back that this process has taken. */
void tally_give(struct dict *d, struct slice key);

#endif
