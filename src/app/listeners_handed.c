/* A socket is known by its address and kind, which the kernel tells; nothing else goes along. */
#include "app/listeners_handed.h"

#include <fcntl.h>

#include "app/listeners.h"
#include "base/num.h"

void listeners_hand_over(const struct app_conf *conf, struct buf *out)
{
    for (unsigned i = 0; i < conf->n_listens; i++) {
        const struct listen_conf *l = conf->listens[i];

        for (int k = 0; k < l->n_fds; k++)
            if (l->fds[k] >= 0 && fcntl(l->fds[k], F_SETFD, 0) == 0)
                buf_printf(out, "%d;", l->fds[k]);
    }
}

/* Those of an address may be many (reuseport). */
static void add_socket(struct app_conf *conf, const struct listen_conf *like, int fd)
{
    struct listen_conf *l = listeners_find(conf, like);
    int *fds;

    if (!l) {
        l = pool_new(&conf->pool, struct listen_conf);
        *l = *like;
        conf->listens = pool_grow(&conf->pool, conf->listens, conf->n_listens, &conf->listens_size,
                                  sizeof(struct listen_conf *));
        conf->listens[conf->n_listens++] = l;
    }
    fds = pool_alloc(&conf->pool, (size_t)(l->n_fds + 1) * sizeof(int));
    if (l->n_fds > 0)
        memcpy(fds, l->fds, (size_t)l->n_fds * sizeof(int));
    fds[l->n_fds++] = fd;
    l->fds = fds;
}

struct app_conf *listeners_take_handed(struct slice descriptors)
{
    struct app_conf *conf = conf_new(SLICE_EMPTY, SLICE_EMPTY);

    while (descriptors.n > 0) {
        struct listen_conf l = {.n_fds = 0};
        socklen_t size = sizeof(int);
        int64_t fd;
        int type;

        if (!num_parse_u63(slice_cut(&descriptors, ';'), &fd) || fd > INT32_MAX ||
            getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
            addr_of_fd((int)fd, false, &l.addr))
            continue;
        (void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
        l.is_udp = type == SOCK_DGRAM;
        add_socket(conf, &l, (int)fd);
    }
    return conf;
}
