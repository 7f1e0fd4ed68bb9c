/* A file is written beside its place, so that its name comes in one step. */
#include "app/proxy/proxy_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/conf.h"
#include "app/location_path.h"
#include "app/script.h"
#include "base/file.h"

struct proxy_store {
    int fd; /* -1: given up, or kept */
    const char *path;
    char *temporary;
};

static void complain(const struct proxy *p, const char *what, const char *path, int why)
{
    log_write(&p->v->x->log, LOG_CRIT, "%s \"%s\" failed (%d: %s)", what, path, why, strerror(why));
}

static void drop(struct proxy_store *s)
{
    if (s->fd < 0)
        return;
    (void)close(s->fd);
    (void)unlink(s->temporary);
    s->fd = -1;
}

/* Where it goes; NULL: nowhere (logged). */
static const char *path_of(const struct proxy *p)
{
    struct visit *v = p->v;
    struct slice path;

    if (!p->conf->store_path)
        return location_map_path(v, v->x->req.path, &path) ? path.p : NULL;
    path = script_eval(p->conf->store_path, v);
    if (!path.n || !location_is_safe(path)) {
        log_write(&v->x->log, LOG_ERROR, "unsafe path to store an answer in: \"" SLICE_FMT "\"",
                  SLICE_ARG(exchange_shown(v->x, path)));
        return NULL;
    }
    return conf_path_in(v->conf, path, visit_pool(v));
}

/* Folders that are missing are made. */
static int create(const struct proxy *p, const struct proxy_store *s)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW };

    mode_t mode = p->conf->store_access;
    int fd = open(s->temporary, FLAGS, 0600);
    struct slice folder = slice_str(s->path);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    while (folder.n > 1 && folder.p[folder.n - 1] != '/')
        folder.n--;
    if (file_mkdirs(pool_strdup(visit_pool(p->v), folder), file_folder_mode(mode)))
        return -1;
    return open(s->temporary, FLAGS, 0600);
}

static bool is_meant(const struct proxy *p)
{
    return (p->conf->flags & PROXY_STORE) && p->up->res.status == 200 && !p->v->x->is_head;
}

void proxy_store_begin(struct proxy *p)
{
    static uint64_t drafts; /* process-wide: makes names differ */
    const char *path = is_meant(p) ? path_of(p) : NULL;
    struct proxy_store *s;

    if (!path)
        return;
    s = pool_new(visit_pool(p->v), struct proxy_store);
    s->path = path;
    s->temporary =
        pool_strdup(visit_pool(p->v), pool_printf(visit_pool(p->v), "%s.%d.%llu", path,
                                                  (int)getpid(), (unsigned long long)++drafts));
    s->fd = create(p, s);
    if (s->fd < 0)
        complain(p, "creating", s->temporary, errno);
    p->store = s;
}

/* As old as the server says it is. */
static void set_time(const struct proxy *p, const struct proxy_store *s)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = 0}};

    times[1].tv_sec = (time_t)p->v->x->res.last_modified;
    if (times[1].tv_sec >= 0)
        (void)futimens(s->fd, times);
}

static void keep(struct proxy *p, struct proxy_store *s)
{
    set_time(p, s);
    if (fchmod(s->fd, p->conf->store_access) < 0 || rename(s->temporary, s->path) < 0) {
        complain(p, "storing", s->path, errno);
        drop(s);
        return;
    }
    (void)close(s->fd);
    s->fd = -1;
}

void proxy_store_add(struct proxy *p, struct slice bytes, bool is_last)
{
    struct proxy_store *s = p->store;

    if (!s || s->fd < 0)
        return;
    if (bytes.n && file_write_all(s->fd, bytes.p, bytes.n)) {
        complain(p, "writing", s->temporary, errno);
        drop(s);
    } else if (is_last) {
        keep(p, s);
    }
}

void proxy_store_end(struct proxy *p)
{
    if (p->store)
        drop(p->store);
}

bool proxy_store_wants_rest(const struct proxy *p)
{
    if (!(p->conf->flags & PROXY_STORE) || !p->up)
        return false;
    return p->up->head_ms ? p->store && p->store->fd >= 0 : true;
}
