/* The cache of files.
 *
 * An entry is what a file was at one moment: never changed afterwards, only replaced. The table
 * holds one reference, every user another, so an entry that is dropped while it is being sent stays
 * whole. Entries are asked about with stat at most once a second; one whose device, inode, size or
 * times differ is dropped and loaded anew. A file that was written less than two seconds before it
 * was loaded may change again without its time changing (times are coarser than writes), so it is
 * loaded again at the next check whatever stat says.
 *
 * A small file is read between two fstat that must agree; one that is being written all the time is
 * not kept in memory but sent from its descriptor. Two lists in order of use, one of files in
 * memory and one of open files, say what goes first when a limit is reached. */
#include "app/files/file_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/files/static_open.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "proto/date.h"

enum { BUCKETS = 4096, ETAG_MOST = 40, READ_TRIES = 3, SETTLED_MS = 2000 };

struct entry {
    struct file_cache_file file;
    struct entry *chain;
    struct list used;
    uint64_t hash, checked_ms;
    struct stat st;
    struct symlink_check check;
    unsigned refs;
    bool is_settled;
    char etag[ETAG_MOST], date[DATE_SIZE];
    char path[];
};

static struct {
    struct entry *buckets[BUCKETS];
    struct list in_memory, open;
    size_t bytes;
    unsigned n_files, n_open;
} cache; /* process-wide: all requests share it */

static struct entry *entry_of(const struct file_cache_file *f)
{
    return CONTAINER_OF(f, struct entry, file);
}

static size_t cost_of(const struct entry *e)
{
    return sizeof *e + e->file.path.n + (e->file.bytes ? (size_t)e->file.size : 0);
}

void file_cache_release(const struct file_cache_file *file)
{
    struct entry *e = entry_of(file);

    CHECK(e->refs > 0);
    if (--e->refs)
        return;
    if (e->file.fd >= 0)
        (void)close(e->file.fd);
    mem_free((void *)(uintptr_t)e->file.bytes);
    mem_free(e);
}

/* --- the table --- */

static bool is_it(const struct entry *e, struct slice path, struct symlink_check check)
{
    return e->check.policy == check.policy && e->check.trusted == check.trusted &&
           slice_eq(e->file.path, path);
}

static struct entry **find(struct slice path, struct symlink_check check, uint64_t hash)
{
    struct entry **at = &cache.buckets[hash % BUCKETS];

    while (*at && !((*at)->hash == hash && is_it(*at, path, check)))
        at = &(*at)->chain;
    return at;
}

static void drop(struct entry **at)
{
    struct entry *e = *at;

    *at = e->chain;
    list_remove(&e->used);
    cache.bytes -= cost_of(e);
    cache.n_files--;
    cache.n_open -= e->file.fd >= 0;
    file_cache_release(&e->file);
}

static void drop_oldest(struct list *l)
{
    struct entry *e = CONTAINER_OF(l->prev, struct entry, used);

    drop(find(e->file.path, e->check, e->hash));
}

/* The newest entry is not dropped: it is what this was called for. */
static void make_room(void)
{
    while (cache.n_open > FILE_CACHE_OPEN_MOST)
        drop_oldest(&cache.open);
    while (cache.bytes > FILE_CACHE_MEMORY_MOST || cache.n_files > FILE_CACHE_FILES_MOST)
        drop_oldest(list_is_empty(&cache.in_memory) ? &cache.open : &cache.in_memory);
}

static void insert(struct entry *e)
{
    struct entry **bucket = &cache.buckets[e->hash % BUCKETS];

    if (!cache.open.next) {
        list_init(&cache.open);
        list_init(&cache.in_memory);
    }
    e->chain = *bucket;
    *bucket = e;
    e->refs++;
    list_prepend(e->file.bytes ? &cache.in_memory : &cache.open, &e->used);
    cache.bytes += cost_of(e);
    cache.n_files++;
    cache.n_open += e->file.fd >= 0;
    make_room();
}

void file_cache_clear(void)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        while (cache.buckets[i])
            drop(&cache.buckets[i]);
}

/* --- one file --- */

/* Reads the whole of it. NULL when it changed meanwhile or cannot be read. */
static char *read_whole(int fd, const struct stat *st)
{
    size_t size = (size_t)st->st_size, at = 0;
    char *bytes = mem_alloc(size + 1);
    struct stat after;

    while (at < size) {
        ssize_t n = pread(fd, bytes + at, size - at, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    if (at == size && fstat(fd, &after) == 0 && file_is_same(st, &after))
        return bytes;
    mem_free(bytes);
    return NULL;
}

/* Fills in what follows from e->st. */
static void describe(struct entry *e)
{
    struct file_cache_file *f = &e->file;
    int64_t changed_ms = (int64_t)e->st.st_mtim.tv_sec * 1000;
    int n;

    f->size = e->st.st_size;
    f->mtime = e->st.st_mtim.tv_sec;
    n = snprintf(e->etag, sizeof e->etag, "\"%llx-%llx\"", (unsigned long long)f->mtime,
                 (unsigned long long)f->size);
    f->etag = slice_of(e->etag, (size_t)n);
    date_format(e->date, f->mtime);
    f->last_modified = slice_of(e->date, DATE_SIZE);
    e->is_settled = clock_wall_ms() - changed_ms > SETTLED_MS;
}

/* True when the content was taken into memory; then the descriptor is not needed any more. */
static bool take_content(struct entry *e, int fd)
{
    for (int i = 0; i < READ_TRIES && e->st.st_size <= FILE_CACHE_SMALL_MOST; i++) {
        e->file.bytes = read_whole(fd, &e->st);
        if (e->file.bytes)
            return true;
        if (fstat(fd, &e->st) != 0)
            break;
    }
    return false;
}

static int load(struct slice path, struct symlink_check check, struct entry **out)
{
    struct entry *e;
    struct stat st;
    int fd, why = static_open(path.p, check, O_RDONLY, &fd);

    if (why)
        return why;
    if (fstat(fd, &st) != 0)
        why = errno;
    else if (!S_ISREG(st.st_mode))
        why = S_ISDIR(st.st_mode) ? EISDIR : ENXIO;
    if (why) {
        (void)close(fd);
        return why;
    }
    e = mem_zalloc(sizeof *e + path.n + 1);
    memcpy(e->path, path.p, path.n);
    e->file.path = slice_of(e->path, path.n);
    e->check = check;
    e->checked_ms = clock_ms();
    e->st = st;
    e->file.fd = fd;
    if (take_content(e, fd)) {
        e->file.fd = -1;
        (void)close(fd);
    }
    describe(e);
    *out = e;
    return 0;
}

/* May it be given out? Looks at the file once a second. What must not be reached through links is
 * always opened anew. */
static bool is_fresh(struct entry *e)
{
    struct stat now;

    if (LIKELY(clock_ms() - e->checked_ms < FILE_CACHE_CHECK_MS))
        return true;
    if (!e->is_settled || e->check.policy != SYMLINKS_FOLLOW || stat(e->path, &now) != 0 ||
        !file_is_same(&e->st, &now))
        return false;
    e->checked_ms = clock_ms();
    return true;
}

int file_cache_open(struct slice path, struct symlink_check check,
                    const struct file_cache_file **file_out)
{
    uint64_t hash = map_hash(path, false);
    struct entry **at = find(path, check, hash), *e = *at;

    if (e && !is_fresh(e)) {
        drop(at);
        e = NULL;
    }
    if (!e) {
        int why = load(path, check, &e);

        if (why)
            return why;
        e->hash = hash;
        e->refs = 1;
        /* small and yet not in memory: it is being written, so only this user gets it */
        if (e->file.bytes || e->file.size > FILE_CACHE_SMALL_MOST)
            insert(e);
    } else {
        struct list *l = e->file.bytes ? &cache.in_memory : &cache.open;

        e->refs++;
        list_remove(&e->used);
        list_prepend(l, &e->used);
    }
    *file_out = &e->file;
    return 0;
}

bool file_cache_has(struct slice path, struct symlink_check check)
{
    struct entry **at = find(path, check, map_hash(path, false));

    return *at && is_fresh(*at);
}
