/* Anonymous shared mappings: no file, no name in the system, no leftovers after a crash. Pages that
 * were never touched cost nothing. */
#include "shm/zone.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"

struct zone *zone_new(struct slice name, size_t size)
{
    struct zone *z = mem_new(struct zone);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    z->name = mem_strdup(name);
    z->size = size;
    z->room = (MAX(size, (size_t)1) + page - 1) / page * page;
    z->holds = 1;
    z->memory = mmap(NULL, z->room, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (z->memory == MAP_FAILED)
        PANIC("no memory for the shared zone \"%s\" of %zu bytes", z->name, size);
    return z;
}

struct zone *zone_hold(struct zone *z)
{
    z->holds++;
    return z;
}

void zone_release(struct zone **zp)
{
    struct zone *z = *zp;

    *zp = NULL;
    if (!z || --z->holds > 0)
        return;
    munmap(z->memory, z->room);
    mem_free(z->name);
    mem_free(z);
}
