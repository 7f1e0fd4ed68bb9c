/* A server and its clients in one process: sockets from socketpair, turns of the loop made by hand,
 * and a small app whose behaviour is chosen by the path. */
#ifndef T_UNIT_HTTP_HARNESS_H
#define T_UNIT_HTTP_HARNESS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/body_spool.h"
#include "http/exchange.h"
#include "http/server/server.h"
#include "loop/loop.h"

struct client {
    int fd;
    struct buf got;
    bool has_eof, is_reset;
};

/* What the app did; reset by harness_start. */
struct seen {
    unsigned requests, done, cancelled, aborted, bad;
    int bad_status;
    const struct err *cancel_err, *body_err;
    struct exchange *kept; /* of /keep */
    uint64_t bytes_sent, body_bytes_sent, request_length;
    unsigned congested; /* times a producer had to wait */
    size_t received;    /* body bytes */
};

static struct server harness_server;
static struct http_settings harness_settings;
static struct seen seen;

void harness_app(struct exchange *x, void *user);
void harness_bad(struct exchange *x, int status, void *user);

static inline void harness_start(void)
{
    static const struct log_sink quiet = {.fd = 2, .level = LOG_ALERT};

    clock_update();
    log_set_default(&quiet);
    (void)signal(SIGPIPE, SIG_IGN);
    seen = (struct seen){0};
    harness_settings = http_settings_default;
    server_init(&harness_server, &harness_settings, NULL);
    harness_server.on_exchange = harness_app;
    harness_server.on_bad_request = harness_bad;
}

static inline void turns(unsigned n)
{
    while (n--)
        loop_turn(false);
}

/* A client over this pair of sockets: the server's end, the client's. */
static inline struct client client_open_by(const int fds[2])
{
    struct client c = {.got = BUF_EMPTY, .fd = fds[1]};
    struct addr a = {.len = sizeof(sa_family_t)};

    a.sa.sa_family = AF_UNIX;
    server_adopt(&harness_server, fds[0], &a);
    return c;
}

static inline struct client client_open(void)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    return client_open_by(fds);
}

static inline void client_send_bytes(struct client *c, const char *p, size_t n)
{
    while (n) {
        ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN)
            return;
        turns(2);
        p += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
}

static inline void client_send(struct client *c, const char *text)
{
    client_send_bytes(c, text, strlen(text));
}

/* Reads what is there, `most` bytes of it. */
static inline void client_exchange_read(struct client *c, size_t most)
{
    char bytes[65536];

    while (most && !c->has_eof && !c->is_reset) {
        ssize_t n = recv(c->fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes), 0);

        if (n > 0) {
            buf_add(&c->got, bytes, (size_t)n);
            most -= (size_t)n;
        } else if (n == 0) {
            c->has_eof = true;
        } else {
            c->is_reset = errno != EAGAIN;
            return;
        }
    }
}

/* How often `text` stands in what was received. */
static inline unsigned client_count(struct client *c, const char *text)
{
    unsigned n = 0;
    const char *at = buf_cstr(&c->got), *end = at + c->got.n;

    while ((at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
        n++;
        at += strlen(text);
    }
    return n;
}

/* Turns until `text` has come `n` times; fails after some seconds. */
static inline void client_expect(struct client *c, const char *text, unsigned n)
{
    for (unsigned i = 0; i < 4000; i++) {
        turns(1);
        client_exchange_read(c, SIZE_MAX);
        if (client_count(c, text) >= n)
            return;
        if (c->has_eof || c->is_reset)
            break;
        if (i > 100)
            (void)usleep(1000);
    }
    fail_msg("\"%s\" came %u times, not %u, in:\n%.2000s", text, client_count(c, text), n,
             buf_cstr(&c->got));
}

/* Turns until the server has closed. */
static inline void client_expect_end(struct client *c)
{
    for (unsigned i = 0; i < 4000 && !c->has_eof && !c->is_reset; i++) {
        turns(1);
        client_exchange_read(c, SIZE_MAX);
        if (i > 100)
            (void)usleep(1000);
    }
    assert_true(c->has_eof || c->is_reset);
}

static inline void client_close(struct client *c)
{
    (void)close(c->fd);
    buf_free(&c->got);
    turns(4);
}

/* Every connection ends and every exchange has been done. */
static inline void harness_stop(void)
{
    server_close_all(&harness_server);
    turns(3);
    assert_int_equal(harness_server.n_conns, 0);
    assert_int_equal(seen.done, seen.requests + seen.bad);
}

static inline int harness_main_setup(void **state)
{
    (void)state;
    clock_update();
    loop_init(LOOP_BEST);
    return 0;
}

static inline int harness_main_teardown(void **state)
{
    (void)state;
    loop_deinit();
    return 0;
}

#include "t/unit/http/harness_app.h"

#endif
