/* Opening and taking over. A socket moves from the old configuration to the new one by having its
 * descriptor set to -1 in the old one; when the new one fails to open everything, what was taken is
 * given back.
 *
 * A socket with a queue of its own (reuseport) is not given up while its address is served, also
 * when there are fewer workers now, or reuseport was taken away: whoever the kernel has queued
 * there would be lost. The workers share what there is. */
#include "app/listeners.h"

#include <unistd.h>

#include "base/buf.h"
#include "net/udp.h"

struct listen_conf *listeners_find(struct app_conf *conf, const struct listen_conf *l)
{
    for (unsigned i = 0; conf && i < conf->n_listens; i++)
        if (conf->listens[i]->is_udp == l->is_udp && addr_eq(&conf->listens[i]->addr, &l->addr))
            return conf->listens[i];
    return NULL;
}

static bool fail(const struct listen_conf *l, const struct err *why, struct config_error *e)
{
    struct buf text = BUF_EMPTY;

    addr_format(&l->addr, &text);
    config_node_error(l->place, e, "bind() to %s failed: %s", buf_cstr(&text), why->message);
    buf_free(&text);
    return false;
}

static const struct err *open_socket(const struct listen_conf *l, int *fd_out)
{
    const struct listen_options *o = &l->options;
    struct udp_options u = {.reuseport = o->reuseport,
                            .ipv6only = o->ipv6only,
                            .rcvbuf = o->rcvbuf,
                            .sndbuf = o->sndbuf};

    return l->is_udp ? udp_open(&l->addr, &u, fd_out) : listen_open(&l->addr, o, fd_out);
}

static bool open_one(struct app_conf *conf, struct listen_conf *l, struct listen_conf *old, int n,
                     struct config_error *e)
{
    l->fds = pool_alloc(&conf->pool, (size_t)n * sizeof(int));
    l->n_fds = n;
    for (int i = 0; i < n; i++)
        l->fds[i] = -1;
    for (int i = 0; i < n; i++) {
        const struct err *err;

        if (old && i < old->n_fds && old->fds[i] >= 0) {
            l->fds[i] = old->fds[i];
            if (!l->is_udp)
                listen_adjust(l->fds[i], l->addr.sa.sa_family, &l->options);
            continue;
        }
        err = open_socket(l, &l->fds[i]);
        if (err)
            return fail(l, err, e);
    }
    return true;
}

/* Closes what was opened for `conf` and is not the old one's. */
static void undo(struct app_conf *conf, struct app_conf *old)
{
    for (unsigned i = 0; i < conf->n_listens; i++) {
        struct listen_conf *l = conf->listens[i], *o = listeners_find(old, l);

        for (int k = 0; l->fds && k < l->n_fds; k++)
            if (l->fds[k] >= 0 && !(o && k < o->n_fds && o->fds[k] == l->fds[k]))
                close(l->fds[k]);
        l->fds = NULL;
        l->n_fds = 0;
    }
}

static void forget_taken(struct app_conf *conf, struct app_conf *old)
{
    for (unsigned i = 0; i < conf->n_listens; i++) {
        struct listen_conf *l = conf->listens[i], *o = listeners_find(old, l);

        for (int k = 0; o && k < o->n_fds && k < l->n_fds; k++)
            if (o->fds[k] == l->fds[k])
                o->fds[k] = -1;
    }
}

bool listeners_open(struct app_conf *conf, struct app_conf *old, struct config_error *e)
{
    int workers = conf_count_workers(conf);

    for (unsigned i = 0; i < conf->n_listens; i++) {
        struct listen_conf *l = conf->listens[i], *o = listeners_find(old, l);
        int n = MAX(l->options.reuseport ? workers : 1, o ? o->n_fds : 0);

        if (!open_one(conf, l, o, n, e)) {
            undo(conf, old);
            return false;
        }
    }
    forget_taken(conf, old);
    return true;
}

/* Was anything open? */
static bool close_all(struct listen_conf *l)
{
    bool is_ours = false;

    for (int k = 0; k < l->n_fds; k++) {
        if (l->fds[k] < 0)
            continue;
        close(l->fds[k]);
        l->fds[k] = -1;
        is_ours = true;
    }
    return is_ours;
}

/* More sockets than workers: each has several. Fewer: each is shared by several workers. */
static bool is_own(const struct listen_conf *l, int k, int id, int n_workers)
{
    return l->n_fds >= n_workers ? k % n_workers == id : k == id % l->n_fds;
}

/* The others are closed because a worker that ends accepts who waits, then closes: the queue of a
 * socket that somebody else holds open as well would fill again with nobody to look at it. */
unsigned listeners_choose(struct listen_conf *l, int id, int n_workers)
{
    unsigned n = 0;

    for (int k = 0; k < l->n_fds; k++) {
        if (l->fds[k] < 0)
            continue;
        if (is_own(l, k, id, n_workers)) {
            n++;
            continue;
        }
        close(l->fds[k]);
        l->fds[k] = -1;
    }
    return n;
}

void listeners_leave(struct app_conf *conf)
{
    for (unsigned i = 0; i < conf->n_listens; i++)
        (void)close_all(conf->listens[i]);
}

bool listeners_leave_unix(struct app_conf *conf, struct slice name)
{
    struct buf text = BUF_EMPTY;
    bool is_found = false;

    for (unsigned i = 0; !is_found && i < conf->n_listens; i++) {
        struct listen_conf *l = conf->listens[i];

        text.n = 0;
        addr_format(&l->addr, &text);
        is_found = addr_is_unix(&l->addr) && slice_eq(buf_slice(&text), name);
        if (is_found)
            (void)close_all(l);
    }
    buf_free(&text);
    return is_found;
}

void listeners_close(struct app_conf *conf, bool removes_files)
{
    for (unsigned i = 0; i < conf->n_listens; i++) {
        struct listen_conf *l = conf->listens[i];

        if (close_all(l) && removes_files)
            listen_remove_file(&l->addr);
    }
}
