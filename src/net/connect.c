/* Connecting.
 *
 * Addresses wait in two queues, one a family, filled as the lookup tells them. The next address is
 * tried when the stagger timer fires or when an attempt has failed; families take turns, the
 * preferred one first. When only addresses of the other family are known yet, the first attempt
 * waits CONNECT_RESOLUTION_DELAY_MS for the preferred ones (RFC 8305, 3). The first attempt to be
 * connected wins; the others and the lookup end.
 *
 * Failures are noted address by address. Whatever fails in the end is told by a call of the loop
 * after everything has been released, so that nothing is told before connect_start returns. */
#include "net/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "net/sock.h"
#include "net/tcp.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_pin.h"

enum { V6, V4, FAMILIES };

struct attempt {
    struct list node;
    struct connect *connect;
    struct io io;
    struct timer timeout;
    struct addr addr;
};

struct connect {
    struct connect_options options; /* its slices point to `texts` */
    struct addr local;
    char *texts;
    struct dns_query *query;
    struct addr_list queue[FAMILIES];
    unsigned next[FAMILIES];
    unsigned turn; /* the family to be tried next */
    struct list attempts;
    struct timer deadline, stagger;
    struct stream *stream; /* once connected */
    struct connect_failure failure;
    struct buf text;
    struct loop_call tell;
    connect_fn fn;
    void *user;
};

const char *connect_stage_name(enum connect_stage stage)
{
    static const char *const names[] = {"resolve", "connect", "handshake"};

    return names[stage];
}

static void free_attempt(struct attempt *a)
{
    int fd = io_fd(&a->io);

    io_watch(&a->io, 0);
    timer_stop(&a->timeout);
    list_remove(&a->node);
    if (fd >= 0)
        (void)close(fd);
    mem_free(a);
}

/* Lets go of everything that could still happen. */
static void stop_all(struct connect *c)
{
    dns_cancel(&c->query);
    while (!list_is_empty(&c->attempts))
        free_attempt(CONTAINER_OF(c->attempts.next, struct attempt, node));
    timer_stop(&c->deadline);
    timer_stop(&c->stagger);
    stream_close(&c->stream, true);
}

static void free_connect(struct connect *c)
{
    stop_all(c);
    loop_cancel(&c->tell);
    for (unsigned i = 0; i < FAMILIES; i++)
        addr_list_free(&c->queue[i]);
    resolver_unref(&c->options.resolver);
    buf_free(&c->text);
    tls_ctx_unref(&c->options.tls);
    mem_free(c->texts);
    mem_free(c);
}

void connect_cancel(struct connect **cp)
{
    struct connect *c = *cp;

    *cp = NULL;
    if (c)
        free_connect(c);
}

bool connect_is_resolving(const struct connect *c)
{
    return c->query && list_is_empty(&c->attempts);
}

static void on_tell(struct loop_call *call)
{
    struct connect *c = CONTAINER_OF(call, struct connect, tell);
    struct connect_failure failure = c->failure;
    struct buf text = c->text;
    connect_fn fn = c->fn;
    void *user = c->user;

    failure.text = buf_cstr(&text);
    c->text = BUF_EMPTY;
    free_connect(c);
    fn(user, NULL, &failure);
    buf_free(&text);
}

/* Ends without a stream: what was noted is told. */
static void fail(struct connect *c, enum connect_stage stage, const struct err *e)
{
    c->failure.stage = stage;
    c->failure.err = e;
    stop_all(c);
    loop_next(&c->tell);
}

static void succeed(struct connect *c)
{
    struct stream *s = c->stream;
    connect_fn fn = c->fn;
    void *user = c->user;

    c->stream = NULL;
    free_connect(c);
    fn(user, s, NULL);
}

/* Keeps what went wrong with an address: as text, and as the error of the whole while it is the
 * most telling one. That there is no way to a family says little. */
static void note(struct connect *c, const struct addr *a, const struct err *e)
{
    if (c->failure.err)
        buf_add_lit(&c->text, ", ");
    addr_format(a, &c->text);
    buf_printf(&c->text, ": %s", e->message);
    if (!c->failure.err || c->failure.err == &err_unreachable ||
        (c->failure.err == &err_no_address && e != &err_unreachable))
        c->failure.err = e;
}

bool connect_allow_foreign(int fd, const struct addr *local)
{
    return local->sa.sa_family == AF_INET6 ? sock_set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
                                           : sock_set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
}

static const struct err *prepare(const struct connect *c, int fd)
{
    const struct addr *local = c->options.local;

    if (c->options.sndbuf > 0)
        (void)sock_set(fd, SOL_SOCKET, SO_SNDBUF, c->options.sndbuf);
    if (c->options.rcvbuf > 0)
        (void)sock_set(fd, SOL_SOCKET, SO_RCVBUF, c->options.rcvbuf);
    if (!local)
        return NULL;
    if (c->options.is_transparent && !connect_allow_foreign(fd, local))
        return err_from_errno(errno);
    if (addr_port(local) == 0)
        (void)sock_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    else
        (void)sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    return bind(fd, &local->sa, local->len) == 0 ? NULL : err_from_errno(errno);
}

static void on_attempt_ready(struct io *io, int events);
static void on_attempt_timeout(struct timer *t);

/* Begins to connect to an address; an error when that fails at once. */
static const struct err *try_address(struct connect *c, const struct addr *addr)
{
    const struct err *e;
    struct attempt *a;
    int fd;

    if (c->options.local && c->options.local->sa.sa_family != addr->sa.sa_family)
        return &err_unreachable;
    fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_from_errno(errno);
    e = prepare(c, fd);
    if (!e && connect(fd, &addr->sa, addr->len) != 0 && errno != EINPROGRESS)
        e = err_from_errno(errno);
    if (e) {
        (void)close(fd);
        return e;
    }
    a = mem_new(struct attempt);
    a->connect = c;
    a->addr = *addr;
    timer_init(&a->timeout, on_attempt_timeout);
    if (c->options.connect_timeout)
        timer_start(&a->timeout, c->options.connect_timeout);
    io_init(&a->io, fd, on_attempt_ready);
    io_watch(&a->io, IO_WRITE);
    list_append(&c->attempts, &a->node);
    return NULL;
}

static const struct addr *next_address(struct connect *c)
{
    for (unsigned i = 0; i < FAMILIES; i++) {
        unsigned f = (c->turn + i) % FAMILIES;

        if (c->next[f] < c->queue[f].n) {
            c->turn = !f;
            return &c->queue[f].items[c->next[f]++];
        }
    }
    return NULL;
}

/* Tries the next address that does not fail at once. */
static void try_next(struct connect *c)
{
    const struct addr *a;

    timer_stop(&c->stagger);
    while ((a = next_address(c)) != NULL) {
        const struct err *e = try_address(c, a);

        if (!e) {
            timer_start(&c->stagger, c->options.stagger);
            return;
        }
        note(c, a, e);
    }
    if (list_is_empty(&c->attempts) && !c->query)
        fail(c, CONNECT_TCP, c->failure.err);
}

static void on_stagger(struct timer *t)
{
    try_next(CONTAINER_OF(t, struct connect, stagger));
}

static void give_up(struct attempt *a, const struct err *e)
{
    struct connect *c = a->connect;

    note(c, &a->addr, e);
    free_attempt(a);
    try_next(c);
}

static void on_attempt_timeout(struct timer *t)
{
    give_up(CONTAINER_OF(t, struct attempt, timeout), &err_timeout);
}

/* Goes on with the handshake until it waits or is over. */
static void shake_hands(struct connect *c)
{
    struct stream *s = c->stream;
    int r = tls_handshake(s);
    struct slice why;
    const struct err *e;

    if (r == STREAM_AGAIN) {
        stream_watch(s, tls_wants(s));
        return;
    }
    stream_watch(s, 0);
    e = r == STREAM_FAILED ? s->err : tls_pin_check(s, c->options.pins);
    if (!e) {
        s->on_ready = NULL;
        succeed(c);
        return;
    }
    why = tls_error_text(s);
    buf_printf(&c->text, "%s%s" SLICE_FMT, e->message, why.n ? ": " : "", SLICE_ARG(why));
    fail(c, CONNECT_TLS, e);
}

static void on_handshake(struct stream *s, int events)
{
    UNUSED(events);
    shake_hands(s->user);
}

static void start_tls(struct connect *c)
{
    c->text.n = 0;
    buf_printf(&c->text, SLICE_FMT ":%u: ", SLICE_ARG(c->options.host), c->options.port);
    c->stream = tls_connect(c->stream, c->options.tls, &c->options.peer);
    c->stream->on_ready = on_handshake;
    c->stream->user = c;
    shake_hands(c);
}

static bool send_preamble(struct connect *c)
{
    struct slice p = c->options.preamble;
    struct iovec v = {(void *)(uintptr_t)p.p, p.n};

    return p.n == 0 || stream_writev(c->stream, &v, 1) == (ssize_t)p.n;
}

static void win(struct attempt *a)
{
    struct connect *c = a->connect;
    int fd = io_fd(&a->io);

    io_watch(&a->io, 0);
    io_init(&a->io, -1, on_attempt_ready); /* the descriptor is the stream's now */
    dns_cancel(&c->query);
    timer_stop(&c->stagger);
    while (!list_is_empty(&c->attempts))
        free_attempt(CONTAINER_OF(c->attempts.next, struct attempt, node));
    c->stream = tcp_adopt(fd);
    (void)tcp_read_ahead(c->stream);
    if (!send_preamble(c))
        fail(c, CONNECT_TCP, c->stream->err ? c->stream->err : &err_io);
    else if (c->options.tls)
        start_tls(c);
    else
        succeed(c);
}

static void on_attempt_ready(struct io *io, int events)
{
    struct attempt *a = CONTAINER_OF(io, struct attempt, io);
    int errnum = 0;
    socklen_t n = sizeof(errnum);

    UNUSED(events);
    if (getsockopt(io_fd(io), SOL_SOCKET, SO_ERROR, &errnum, &n) != 0)
        errnum = errno;
    if (errnum)
        give_up(a, err_from_errno(errnum));
    else
        win(a);
}

static void on_deadline(struct timer *t)
{
    struct connect *c = CONTAINER_OF(t, struct connect, deadline);
    bool is_resolving = list_is_empty(&c->attempts) && !c->failure.err;

    if (c->stream) {
        buf_add_slice(&c->text, SLICE("no handshake in time"));
        fail(c, CONNECT_TLS, &err_timeout);
        return;
    }
    if (is_resolving)
        buf_add_slice(&c->text, SLICE("no answer from name servers in time"));
    LIST_FOR (n, &c->attempts)
        note(c, &CONTAINER_OF(n, struct attempt, node)->addr, &err_timeout);
    fail(c, is_resolving ? CONNECT_RESOLVE : CONNECT_TCP, &err_timeout);
}

static void start_deadline(struct connect *c)
{
    if (!timer_is_active(&c->deadline))
        timer_start(&c->deadline,
                    c->options.total_timeout ? c->options.total_timeout : CONNECT_DEADLINE_MS);
}

static void add_addresses(struct connect *c, const struct addr_list *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        struct addr a = l->items[i];

        addr_set_port(&a, c->options.port);
        addr_list_add(&c->queue[a.sa.sa_family == AF_INET6 ? V6 : V4], &a);
    }
}

static unsigned preferred(const struct connect *c)
{
    return c->options.family == DNS_PREFER_V4 ? V4 : V6;
}

static void on_resolved(void *user, const struct dns_result *r)
{
    struct connect *c = user;

    if (r->is_last)
        c->query = NULL;
    if (r->err) {
        buf_printf(&c->text, "%s", r->err->message);
        fail(c, CONNECT_RESOLVE, r->err);
        return;
    }
    start_deadline(c);
    add_addresses(c, r->addrs);
    if (c->query && !c->queue[preferred(c)].n)
        timer_start(&c->stagger, CONNECT_RESOLUTION_DELAY_MS);
    else if (list_is_empty(&c->attempts) || !timer_is_active(&c->stagger))
        try_next(c);
}

/* A copy of `s` behind those made before, in c->texts. */
static struct slice copy_text(char **at, struct slice s)
{
    struct slice own = slice_of(*at, s.n);

    if (s.n)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return own;
}

static void copy_texts(struct connect *c, const struct connect_options *o)
{
    struct connect_options *own = &c->options;
    char *at = c->texts = mem_alloc(o->host.n + o->preamble.n + o->peer.server_name.n +
                                    o->peer.alpn.n + o->pins.n + 1);

    own->host = copy_text(&at, o->host);
    own->preamble = copy_text(&at, o->preamble);
    own->peer.server_name = o->peer.server_name.n ? copy_text(&at, o->peer.server_name) : own->host;
    own->peer.alpn = copy_text(&at, o->peer.alpn);
    own->pins = copy_text(&at, o->pins);
}

static void copy_options(struct connect *c, const struct connect_options *o)
{
    struct connect_options *own = &c->options;

    *own = *o;
    copy_texts(c, o);
    own->resolver = o->resolver ? resolver_ref(o->resolver) : NULL;
    own->tls = o->tls ? tls_ctx_ref(o->tls) : NULL;
    if (o->local) {
        c->local = *o->local;
        own->local = &c->local;
    }
    if (o->stagger == 0)
        own->stagger = CONNECT_STAGGER_MS;
    c->turn = o->family == DNS_PREFER_V4 ? V4 : V6;
}

/* To one address, which is known. */
static void start_known(struct connect *c, const struct addr *a)
{
    addr_list_add(&c->queue[V4], a);
    try_next(c);
}

static void start(struct connect *c, const struct connect_options *o)
{
    struct addr a;

    start_deadline(c);
    if (o->addr) {
        start_known(c, o->addr);
    } else if (o->unix_path.n == 0) {
        if (addr_literal(o->host, &a))
            timer_stop(&c->deadline); /* until something can take time: on_resolved */
        else
            buf_printf(&c->text, SLICE_FMT ":%u: ", SLICE_ARG(o->host), o->port);
        c->query = dns_lookup_each(c->options.resolver, o->host, o->family, on_resolved, c);
    } else if (!addr_of_path(o->unix_path, &a)) {
        start_known(c, &a);
    } else {
        buf_printf(&c->text, "unix:" SLICE_FMT ": not a path of a socket", SLICE_ARG(o->unix_path));
        fail(c, CONNECT_TCP, &err_invalid);
    }
}

struct connect *connect_start(const struct connect_options *o, connect_fn fn, void *user)
{
    struct connect *c = mem_new(struct connect);

    copy_options(c, o);
    c->fn = fn;
    c->user = user;
    list_init(&c->attempts);
    timer_init(&c->deadline, on_deadline);
    timer_init(&c->stagger, on_stagger);
    loop_call_init(&c->tell, on_tell);
    start(c, o);
    return c;
}
