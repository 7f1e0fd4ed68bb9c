/* A hash map from bytes to pointers, keys compared with or without case. Keys are copied. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/base.h"
#include "base/slice.h"

struct map_entry {
    struct slice key;
    uint64_t hash;
    void *value;
};

struct map {
    struct map_entry *entries; /* open addressing, power of two */
    size_t size, used;
    bool ignore_case;
};

/* Makes `m` empty; owns no memory until the first set. */
void map_init(struct map *m, bool ignore_case);

/* Frees keys and table, not the values. */
void map_deinit(struct map *m);

/* The value under `key`, or NULL. */
void *map_get(const struct map *m, struct slice key);

/* Sets; returns the value that stood there before, or NULL. `value` is not NULL. */
void *map_set(struct map *m, struct slice key, void *value);

/* Takes the key out; returns its value, or NULL. Not between two calls of map_next. */
void *map_remove(struct map *m, struct slice key);

/* The next entry after position *at (start with 0), NULL at the end. Order is unspecified. */
struct map_entry *map_next(const struct map *m, size_t *at);

/* Hash of bytes with a per-process secret seed; with ignore_case ASCII letters hash alike. */
uint64_t map_hash(struct slice key, bool ignore_case);

#endif
