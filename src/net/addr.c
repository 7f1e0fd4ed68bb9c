/* Addresses. Parsing takes numbers and "localhost" only: names are dns.c's business. */
#include "net/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "base/num.h"

static struct sockaddr_in *v4(struct addr *a)
{
    return (struct sockaddr_in *)(void *)&a->storage;
}

static struct sockaddr_in6 *v6(struct addr *a)
{
    return (struct sockaddr_in6 *)(void *)&a->storage;
}

static const struct sockaddr_in *v4_of(const struct addr *a)
{
    return (const struct sockaddr_in *)(const void *)&a->storage;
}

static const struct sockaddr_in6 *v6_of(const struct addr *a)
{
    return (const struct sockaddr_in6 *)(const void *)&a->storage;
}

static const struct sockaddr_un *un_of(const struct addr *a)
{
    return (const struct sockaddr_un *)(const void *)&a->storage;
}

const struct err *addr_of_path(struct slice path, struct addr *out)
{
    struct sockaddr_un *un = (struct sockaddr_un *)(void *)&out->storage;

    memset(out, 0, sizeof(*out));
    if (path.n == 0 || path.n >= sizeof(un->sun_path) || slice_find(path, '\0') >= 0)
        return &err_invalid;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.p, path.n);
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
    return NULL;
}

/* inet_pton wants a terminated string. */
static bool parse_numeric(int family, struct slice host, void *out)
{
    char text[INET6_ADDRSTRLEN];

    if (host.n == 0 || host.n >= sizeof(text) || slice_find(host, '\0') >= 0)
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    return inet_pton(family, text, out) == 1;
}

static const struct err *parse_port(struct slice text, int *port)
{
    int64_t v;

    if (!num_parse_u63(text, &v) || v > 65535)
        return &err_invalid;
    *port = (int)v;
    return NULL;
}

static const struct err *parse_v6(struct slice text, int port, struct addr *out)
{
    ssize_t end = slice_find(text, ']');
    struct slice rest;
    const struct err *e = NULL;

    if (end < 0 ||
        !parse_numeric(AF_INET6, slice_of(text.p + 1, (size_t)end - 1), &v6(out)->sin6_addr))
        return &err_invalid;
    rest = slice_from(text, (size_t)end + 1);
    if (rest.n && rest.p[0] != ':')
        return &err_invalid;
    if (rest.n)
        e = parse_port(slice_from(rest, 1), &port);
    v6(out)->sin6_family = AF_INET6;
    v6(out)->sin6_port = htons((uint16_t)port);
    out->len = sizeof(struct sockaddr_in6);
    return e;
}

static bool is_number(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

static const struct err *parse_v4(struct slice text, int port, struct addr *out)
{
    struct slice host = text;
    struct in_addr *in = &v4(out)->sin_addr;
    ssize_t colon = slice_find(text, ':');
    const struct err *e = NULL;

    if (is_number(text)) {
        host = SLICE("*");
        e = parse_port(text, &port);
    } else if (colon >= 0) {
        host = slice_of(text.p, (size_t)colon);
        e = parse_port(slice_from(text, (size_t)colon + 1), &port);
    }
    if (e)
        return e;
    if (slice_eq(host, SLICE("*")))
        in->s_addr = htonl(INADDR_ANY);
    else if (slice_ieq(host, SLICE("localhost")))
        in->s_addr = htonl(INADDR_LOOPBACK);
    else if (!parse_numeric(AF_INET, host, in))
        return &err_invalid;
    v4(out)->sin_family = AF_INET;
    v4(out)->sin_port = htons((uint16_t)port);
    out->len = sizeof(struct sockaddr_in);
    return NULL;
}

const struct err *addr_parse(struct slice text, int default_port, struct addr *out)
{
    memset(out, 0, sizeof(*out));
    if (slice_has_prefix(text, SLICE("unix:")))
        return addr_of_path(slice_from(text, 5), out);
    if (text.n && text.p[0] == '[')
        return parse_v6(text, default_port, out);
    return parse_v4(text, default_port, out);
}

/* The number of an interface by its name; 0: there is none. */
static unsigned zone_of(struct slice name)
{
    char text[IF_NAMESIZE];

    if (!name.p || name.n == 0 || name.n >= sizeof(text) || slice_find(name, '\0') >= 0)
        return 0;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    return if_nametoindex(text);
}

bool addr_literal(struct slice text, struct addr *out)
{
    struct slice host;

    memset(out, 0, sizeof(*out));
    if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = slice_of(text.p + 1, text.n - 2);
    host = slice_cut(&text, '%');
    if (!text.p && parse_numeric(AF_INET, host, &v4(out)->sin_addr)) {
        v4(out)->sin_family = AF_INET;
        out->len = sizeof(struct sockaddr_in);
        return true;
    }
    if (!parse_numeric(AF_INET6, host, &v6(out)->sin6_addr))
        return false;
    v6(out)->sin6_family = AF_INET6;
    v6(out)->sin6_scope_id = zone_of(text);
    out->len = sizeof(struct sockaddr_in6);
    return !text.p || v6(out)->sin6_scope_id;
}

void addr_format_host(const struct addr *a, struct buf *out)
{
    char *p = buf_reserve(out, INET6_ADDRSTRLEN);

    if (addr_is_unix(a)) {
        buf_add_lit(out, "unix:");
        return;
    }
    if (a->sa.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &v6_of(a)->sin6_addr, p, INET6_ADDRSTRLEN);
    else
        inet_ntop(AF_INET, &v4_of(a)->sin_addr, p, INET6_ADDRSTRLEN);
    out->n += strlen(p);
}

/* The path; empty for an unnamed socket. An abstract name begins with a NUL, written '@'. */
static void format_path(const struct addr *a, struct buf *out)
{
    const struct sockaddr_un *un = un_of(a);
    size_t header = offsetof(struct sockaddr_un, sun_path);
    size_t n = a->len > header ? a->len - header : 0;

    buf_add_lit(out, "unix:");
    if (n && un->sun_path[0] == '\0') {
        buf_add_char(out, '@');
        buf_add(out, un->sun_path + 1, n - 1);
    } else if (n) {
        buf_add(out, un->sun_path, strnlen(un->sun_path, n));
    }
}

void addr_format(const struct addr *a, struct buf *out)
{
    if (addr_is_unix(a)) {
        format_path(a, out);
        return;
    }
    if (a->sa.sa_family == AF_INET6) {
        buf_add_char(out, '[');
        addr_format_host(a, out);
        buf_add_char(out, ']');
    } else {
        addr_format_host(a, out);
    }
    buf_add_char(out, ':');
    buf_add_int(out, addr_port(a));
}

int addr_port(const struct addr *a)
{
    switch (a->sa.sa_family) {
    case AF_INET:
        return ntohs(v4_of(a)->sin_port);
    case AF_INET6:
        return ntohs(v6_of(a)->sin6_port);
    default:
        return 0;
    }
}

void addr_set_port(struct addr *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET)
        v4(a)->sin_port = htons(port);
    else if (a->sa.sa_family == AF_INET6)
        v6(a)->sin6_port = htons(port);
}

bool addr_is_unix(const struct addr *a)
{
    return a->sa.sa_family == AF_UNIX;
}

struct slice addr_bytes(const struct addr *a)
{
    if (a && a->sa.sa_family == AF_INET)
        return slice_of((const char *)&v4_of(a)->sin_addr, 4);
    if (a && a->sa.sa_family == AF_INET6)
        return slice_of((const char *)&v6_of(a)->sin6_addr, 16);
    return SLICE_EMPTY;
}

static bool is_same_unix(const struct addr *a, const struct addr *b)
{
    struct buf left = BUF_EMPTY, right = BUF_EMPTY;
    bool same;

    format_path(a, &left);
    format_path(b, &right);
    same = slice_eq(buf_slice(&left), buf_slice(&right));
    buf_free(&left);
    buf_free(&right);
    return same;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
    if (a->sa.sa_family != b->sa.sa_family || addr_port(a) != addr_port(b))
        return false;
    switch (a->sa.sa_family) {
    case AF_INET:
        return v4_of(a)->sin_addr.s_addr == v4_of(b)->sin_addr.s_addr;
    case AF_INET6:
        return memcmp(&v6_of(a)->sin6_addr, &v6_of(b)->sin6_addr, sizeof(struct in6_addr)) == 0 &&
               v6_of(a)->sin6_scope_id == v6_of(b)->sin6_scope_id;
    case AF_UNIX:
        return is_same_unix(a, b);
    default:
        return false;
    }
}

const struct err *addr_of_fd(int fd, bool is_peer, struct addr *out)
{
    memset(out, 0, sizeof(*out));
    out->len = sizeof(out->storage);
    if ((is_peer ? getpeername : getsockname)(fd, &out->sa, &out->len) != 0)
        return err_from_errno(errno);
    return NULL;
}
