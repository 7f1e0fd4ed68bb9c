/* Shared dictionaries for LuaJIT's FFI (lua/perilune/shared_dict.lua declares the same): the calls
 * of shm/dict.h with pointers and lengths in the place of slices. Results are enum dict_result. */
#ifndef BIND_FFI_SHARED_H
#define BIND_FFI_SHARED_H

#include "shm/dict.h"
#include "shm/dict_walk.h"

/* See dict_reopen: another thread needs a view of its own. */
struct dict *ffi_shared_reopen(const struct dict *d);

/* Gives such a view up. */
void ffi_shared_close(struct dict *d);

/* See dict_get and, with takes_stale, dict_get_stale. */
int ffi_shared_get(struct dict *d, const char *key, size_t n, int takes_stale,
                   struct dict_item *out);

/* See dict_store. */
int ffi_shared_store(struct dict *d, const char *key, size_t n, int mode, struct dict_item *item);

/* See dict_swap. */
int ffi_shared_swap(struct dict *d, const char *key, size_t n, const struct dict_item *expected,
                    struct dict_item *item);

/* See dict_incr. */
int ffi_shared_incr(struct dict *d, const char *key, size_t n, struct dict_incr *incr);

/* See dict_ttl. */
int ffi_shared_ttl(struct dict *d, const char *key, size_t n, double *ttl);

/* See dict_expire. */
int ffi_shared_expire(struct dict *d, const char *key, size_t n, double ttl);

/* See dict_list_push; the length, or the negated result. */
double ffi_shared_push(struct dict *d, const char *key, size_t n, int end,
                       const struct dict_item *item);

/* See dict_list_pop. */
int ffi_shared_pop(struct dict *d, const char *key, size_t n, int end, struct dict_item *out);

/* See dict_list_length; the length, or the negated result. */
double ffi_shared_length(struct dict *d, const char *key, size_t n);

/* See dict_walk_flush_all. */
void ffi_shared_flush_all(struct dict *d);

/* See dict_walk_flush_expired. */
double ffi_shared_flush_expired(struct dict *d, double most);

/* See dict_walk_keys: the keys in a row, each behind its length (uint32_t), `bytes` of them; how
 * many. Valid until ffi_shared_free_keys. */
double ffi_shared_keys(struct dict *d, double most, const char **p, size_t *bytes);

/* Frees what ffi_shared_keys handed out. */
void ffi_shared_free_keys(void);

/* See dict_capacity. */
double ffi_shared_capacity(const struct dict *d);

/* See dict_free_space. */
double ffi_shared_free_space(struct dict *d);

/* See dict_watch. What the calls above change while it is watched is published on the bus, on
 * channel LIB_BUS_SHARED: the dictionary's name as the topic, the key; no key when it was flushed.
 */
void ffi_shared_watch(struct dict *d, const char *key, size_t n, double ms);

/* Is there no process of that number any more? */
int ffi_shared_is_gone(double pid);

/* See dict_walk_stats. */
void ffi_shared_stats(struct dict *d, struct dict_stats *out);

#endif
