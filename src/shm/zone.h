/* Memory that the processes of a server share: named, mapped before they are forked, kept over a
 * reload. A process that was forked earlier does not see a zone that is made later. */
#ifndef SHM_ZONE_H
#define SHM_ZONE_H

#include "base/base.h"
#include "base/slice.h"

/* Counted: each configuration that names it holds it. */
struct zone {
    char *name;
    size_t size;  /* as asked for */
    size_t room;  /* mapped: whole pages */
    char *memory; /* zeroed when made; the same address in every process */
    unsigned holds;
};

/* A new zone, held once. Never NULL; panics without address space. */
struct zone *zone_new(struct slice name, size_t size);

/* Holds it once more; returns it. */
struct zone *zone_hold(struct zone *z);

/* Gives a hold up; the last one unmaps it in this process. Clears the caller's pointer; NULL is
 * allowed. */
void zone_release(struct zone **z);

#endif
