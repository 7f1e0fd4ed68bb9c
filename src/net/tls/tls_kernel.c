/* OpenSSL hands its keys to a transport as one of its own structures, whose form changes. Its own
 * transport over a socket knows it: one is made for as long as that takes. */
#include "net/tls/tls_kernel.h"

#include <errno.h>
#include <linux/tls.h>
#include <openssl/bio.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/check.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

/* A message that waits: this, then its bytes. */
struct head {
    uint32_t n;
    uint8_t type;
};

bool tls_kernel_start(int fd, void *keys)
{
    BIO *socket = BIO_new_socket(fd, BIO_NOCLOSE);
    bool has_started;

    CHECK(socket);
    has_started = BIO_ctrl(socket, TLS_KERNEL_KEYS, 1, keys) > 0;
    BIO_free(socket);
    return has_started;
}

bool tls_kernel_has_room(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    return poll(&p, 1, 0) == 1;
}

void tls_kernel_add(struct buf *out, uint8_t type, const void *p, size_t n)
{
    struct head h = {.n = (uint32_t)n, .type = type};

    buf_add(out, &h, sizeof(h));
    buf_add(out, p, n);
}

/* One record: how much of it, or as stream_writev. */
static ssize_t send_record(struct stream *s, uint8_t type, void *p, size_t n)
{
    union {
        char room[CMSG_SPACE(sizeof(type))];
        struct cmsghdr align;
    } control = {.room = {0}};
    struct iovec iov = {p, n};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof(control.room)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    ssize_t sent;

    *c = (struct cmsghdr){.cmsg_level = SOL_TLS,
                          .cmsg_type = TLS_SET_RECORD_TYPE,
                          .cmsg_len = CMSG_LEN(sizeof(type))};
    *CMSG_DATA(c) = type;
    do
        sent = sendmsg(stream_fd(s), &m, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return STREAM_AGAIN;
    s->err = err_from_errno(errno);
    return STREAM_FAILED;
}

int tls_kernel_flush(struct stream *s, struct buf *out)
{
    struct head h;

    while (tls_kernel_has_room(stream_fd(s))) {
        ssize_t sent;

        if (!out->n) {
            buf_free(out);
            return 0;
        }
        memcpy(&h, out->p, sizeof(h));
        sent = send_record(s, h.type, out->p + sizeof(h), h.n);
        if (sent < 0)
            return (int)sent;
        h.n -= (uint32_t)sent;
        buf_drop(out, h.n ? (size_t)sent : sizeof(h) + (size_t)sent);
        if (h.n)
            memcpy(out->p, &h, sizeof(h));
    }
    return STREAM_AGAIN;
}
