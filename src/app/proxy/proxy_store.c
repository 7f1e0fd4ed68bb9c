/* A file is written beside its place, so that its name comes in one step. */
#include "app/proxy/proxy_store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "app/conf.h"
#include "app/location_path.h"
#include "app/variables/script.h"
#include "base/file.h"
#include "base/file_draft.h"

struct proxy_store {
    const char *path;
    struct file_draft file; /* not open: given up, or kept */
};

/* errno says why. */
static void complain(const struct proxy *p, const char *what)
{
    log_write(&p->v->x->log, LOG_CRIT, "%s \"%s\" failed (%d: %s)", what, p->store->path, errno,
              strerror(errno));
}

/* Where it goes; NULL: nowhere (logged). */
static const char *path_of(const struct proxy *p)
{
    struct visit *v = p->v;
    struct slice path;

    if (!p->conf->store_path)
        return location_path_map(v, v->x->req.path, &path) ? path.p : NULL;
    path = script_eval(p->conf->store_path, v);
    if (!path.n || !location_path_is_safe(path)) {
        log_write(&v->x->log, LOG_ERROR, "unsafe path to store an answer in: \"" SLICE_FMT "\"",
                  SLICE_ARG(exchange_shown(v->x, path)));
        return NULL;
    }
    return conf_path_in(v->conf, path, visit_pool(v));
}

static bool is_meant(const struct proxy *p)
{
    return (p->conf->flags & PROXY_STORE) && p->up->res.status == 200 && !p->v->x->is_head;
}

void proxy_store_begin(struct proxy *p)
{
    const char *path = is_meant(p) ? path_of(p) : NULL;

    if (!path)
        return;
    p->store = pool_new(visit_pool(p->v), struct proxy_store);
    p->store->path = path;
    if (file_draft_begin(&p->store->file, slice_str(path), file_folder_mode(p->conf->store_access)))
        complain(p, "creating");
}

/* As old as the server says it is. */
static void set_time(const struct proxy *p, int fd)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = 0}};

    times[1].tv_sec = (time_t)p->v->x->res.last_modified;
    if (times[1].tv_sec >= 0)
        (void)futimens(fd, times);
}

/* False: errno says why. */
static bool write_on(const struct proxy *p, struct file_draft *d, struct slice bytes, bool is_last)
{
    if (bytes.n && file_write_all(d->fd, bytes.p, bytes.n))
        return false;
    if (!is_last)
        return true;
    set_time(p, d->fd);
    return fchmod(d->fd, p->conf->store_access) == 0 && !file_draft_keep(d);
}

void proxy_store_add(struct proxy *p, struct slice bytes, bool is_last)
{
    struct file_draft *d = p->store ? &p->store->file : NULL;

    if (!d || d->fd < 0 || write_on(p, d, bytes, is_last))
        return;
    complain(p, "storing");
    file_draft_drop(d);
}

void proxy_store_end(struct proxy *p)
{
    if (p->store)
        file_draft_drop(&p->store->file);
}

bool proxy_store_wants_rest(const struct proxy *p)
{
    if (!(p->conf->flags & PROXY_STORE) || !p->up)
        return false;
    return p->up->head_ms ? p->store && p->store->file.fd >= 0 : true;
}
