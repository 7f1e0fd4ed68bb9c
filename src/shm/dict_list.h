/* Lists in shared dictionaries: an entry holds a row of values that grows and shrinks at both ends,
 * and is gone when the last one is. */
#ifndef SHM_DICT_LIST_H
#define SHM_DICT_LIST_H

#include "shm/dict.h"

enum dict_end { DICT_LEFT, DICT_RIGHT };

/* Adds a copy of `item`, a string or number, at an end; a missing list is made. Evicts nothing: no
 * room is DICT_NO_MEMORY. `n_out`: how long the list is now. */
enum dict_result dict_list_push(struct dict *d, struct slice key, const struct dict_item *item,
                                enum dict_end end, uint32_t *n_out);

/* Takes the value at an end. Bytes in `out` are valid until the next call that hands out any. */
enum dict_result dict_list_pop(struct dict *d, struct slice key, enum dict_end end,
                               struct dict_item *out);

/* How long the list is; 0 when there is none. */
enum dict_result dict_list_length(struct dict *d, struct slice key, uint32_t *n_out);

#endif
