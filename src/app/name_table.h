/* From names of hosts to values: exact names, and wildcards at the front or at the end. */
#ifndef APP_NAME_TABLE_H
#define APP_NAME_TABLE_H

#include "base/map.h"
#include "base/pool.h"

struct name_table {
    struct map exact;
    struct map heads; /* ".example.org" of *.example.org */
    struct map tails; /* "www." of www.* */
};

/* An empty table, which is freed with the pool. Names are compared without case when `ignore_case`
 * says so. */
void name_table_init(struct name_table *t, struct pool *pool, bool ignore_case);

/* Adds "name", "*.name", ".name" (both of them) or "name.*", borrowed. False: it was there, and has
 * this value now. */
bool name_table_add(struct name_table *t, struct slice name, void *value);

/* The value of the name itself, else of the longest wildcard at the front, else of the longest at
 * the end; NULL: there is none. */
void *name_table_find(const struct name_table *t, struct slice name);

#endif
