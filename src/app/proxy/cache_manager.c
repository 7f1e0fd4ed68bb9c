/* Two timers a cache. One removes what nobody has used for `inactive`, and the oldest while the
 * files are larger than max_size together. The other walks through the folder when the memory of
 * the zone is new: it notes the files that it finds, some at a time, and removes what is broken and
 * the drafts of processes that are gone. A worker that is killed meanwhile leaves the walk to the
 * next. */
#include "app/proxy/cache_manager.h"

#include <errno.h>
#include <fts.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/proxy/cache_file.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "loop/timer.h"

enum { LOOK_MS = 1000, HEX_NAME = 2 * CACHE_INDEX_KEY };

struct cache_manager {
    struct list node;
    const struct cache_zone *zone;
    struct timer timer, loader;
    FTS *folder; /* that is being walked through; NULL: none is */
};

static struct list managers = LIST_INIT(managers); /* process-wide: of this worker */

/* --- limits --- */

/* The note goes first: a file that is put meanwhile and removed here is one that a reader does not
 * find, which he takes for a miss. */
static bool remove_unused(const struct cache_zone *z, int64_t before)
{
    struct cache_index index = cache_zone_index(z);
    unsigned char digest[CACHE_INDEX_KEY];
    struct cache_note note;

    if (!cache_index_oldest(&index, digest, &note) || note.used >= before)
        return false;
    if (cache_index_drop(&index, digest, note.used) && note.size)
        cache_file_remove(z, digest);
    return true;
}

bool cache_manager_make_room(const struct cache_zone *z)
{
    return remove_unused(z, INT64_MAX);
}

static bool is_too_large(const struct cache_zone *z)
{
    struct cache_index index = cache_zone_index(z);
    struct statvfs fs;

    if (z->max_size && cache_index_total(&index) > z->max_size)
        return true;
    return z->min_free && statvfs(z->path.p, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize < z->min_free;
}

static void keep_within(struct timer *t)
{
    struct cache_manager *m = CONTAINER_OF(t, struct cache_manager, timer);
    const struct cache_zone *z = m->zone;
    int64_t before = clock_wall_ms() - (int64_t)z->inactive;
    unsigned n = 0;

    while (n < z->manager_files && remove_unused(z, is_too_large(z) ? INT64_MAX : before))
        n++;
    timer_start(&m->timer, n < z->manager_files ? LOOK_MS : z->manager_sleep);
}

/* --- what is there at the start --- */

static bool digest_of_name(struct slice name, unsigned char *out)
{
    for (size_t i = 0; i < CACHE_INDEX_KEY; i++) {
        int64_t byte;

        if (!num_parse_hex(slice_of(name.p + 2 * i, 2), &byte))
            return false;
        out[i] = (unsigned char)byte;
    }
    return true;
}

/* "digest.process.number" */
static bool is_draft_of_dead(struct slice name)
{
    struct slice rest = slice_from(name, HEX_NAME + 1), pid = slice_cut(&rest, '.');
    int64_t n;

    return rest.p && num_parse_u63(pid, &n) && n > 0 && n <= INT32_MAX && kill((pid_t)n, 0) != 0 &&
           errno == ESRCH;
}

static void look_at(const struct cache_zone *z, const char *path, struct slice name)
{
    struct cache_index index = cache_zone_index(z);
    unsigned char digest[CACHE_INDEX_KEY];
    struct cache_file f;
    const struct err *e;

    if (name.n < HEX_NAME || !digest_of_name(name, digest))
        return; /* not ours */
    if (name.n > HEX_NAME) {
        if (name.p[HEX_NAME] == '.' && is_draft_of_dead(name))
            (void)unlink(path);
        return;
    }
    e = cache_file_open_name(path, &f);
    if (e == &err_protocol)
        (void)unlink(path);
    if (e)
        return;
    while (!cache_index_found(&index, digest, f.disk_size, f.head.valid_until))
        if (!cache_manager_make_room(z))
            break;
    cache_file_close(&f);
}

static void end_walk(struct cache_manager *m)
{
    if (m->folder)
        (void)fts_close(m->folder);
    m->folder = NULL;
}

static void walk(struct timer *t)
{
    struct cache_manager *m = CONTAINER_OF(t, struct cache_manager, loader);
    const struct cache_zone *z = m->zone;
    struct cache_index index = cache_zone_index(z);
    FTSENT *entry = NULL;

    for (unsigned n = 0; n < z->loader_files && (entry = fts_read(m->folder)) != NULL;)
        if (entry->fts_info == FTS_F || entry->fts_info == FTS_NSOK) {
            look_at(z, entry->fts_path, slice_of(entry->fts_name, entry->fts_namelen));
            n++;
        }
    if (entry) {
        timer_start(&m->loader, z->loader_sleep);
        return;
    }
    end_walk(m);
    cache_index_complete(&index);
    log_write(NULL, LOG_NOTICE, "cache loader: " SLICE_FMT ", %llu bytes", SLICE_ARG(z->path),
              (unsigned long long)cache_index_total(&index));
}

static void begin_walk(struct cache_manager *m)
{
    struct cache_index index = cache_zone_index(m->zone);
    char *paths[] = {(char *)(uintptr_t)m->zone->path.p, NULL};

    if (cache_index_is_complete(&index))
        return;
    m->folder = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (m->folder)
        timer_start(&m->loader, 0);
    else
        log_write(NULL, LOG_CRIT, "cache loader: " SLICE_FMT ": %s", SLICE_ARG(m->zone->path),
                  err_from_errno(errno)->message);
}

/* --- life --- */

static void begin(const struct cache_zone *z)
{
    struct cache_manager *m = mem_zalloc(sizeof(*m));

    m->zone = z;
    list_append(&managers, &m->node);
    timer_init(&m->timer, keep_within);
    timer_set_background(&m->timer);
    timer_init(&m->loader, walk);
    timer_set_background(&m->loader);
    timer_start(&m->timer, LOOK_MS);
    begin_walk(m);
}

void cache_manager_start(const struct app_conf *conf)
{
    for (const struct cache_zone *z = conf->cache_zones; z; z = z->next)
        begin(z);
}

void cache_manager_stop(void)
{
    while (!list_is_empty(&managers)) {
        struct cache_manager *m = CONTAINER_OF(managers.next, struct cache_manager, node);

        list_remove(&m->node);
        timer_stop(&m->timer);
        timer_stop(&m->loader);
        end_walk(m);
        mem_free(m);
    }
}
