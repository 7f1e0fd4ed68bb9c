/* Nothing here waits: a datagram that finds no server, or no room, is gone, as the protocol has it.
 * Levels are numbered as syslog does, but for emerg and below, which are one
 * less there. */
#include "base/log_syslog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

enum { DEFAULT_PORT = 514, LOCAL7 = 23, INFO = 6 };

static const char *const facilities[] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "intern", "lpr",    "news",
    "uucp",   "clock",  "authpriv", "ftp",    "ntp",    "audit",  "alert",  "cron",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7",
};

static const char *const severities[] = {
    "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
};

static bool parse_word_of(const char *const *words, size_t n, struct slice name, int *out)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_eq(name, slice_str(words[i]))) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

static bool parse_tag(struct slice name, struct log_syslog *out)
{
    if (name.n == 0 || name.n >= sizeof(out->tag))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (c != '_' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
            !(c >= 'A' && c <= 'Z'))
            return false;
    }
    memcpy(out->tag, name.p, name.n);
    out->tag[name.n] = '\0';
    return true;
}

static bool parse_unix(struct slice path, struct log_syslog *out)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&out->addr;

    if (path.n == 0 || path.n >= sizeof(un->sun_path))
        return false;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.p, path.n);
    out->addr_size = sizeof(*un);
    return true;
}

/* "a.b.c.d[:port]", "[v6][:port]" */
static bool parse_ip(struct slice text, struct log_syslog *out)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&out->addr;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->addr;
    struct slice host, rest = text;
    int64_t port = DEFAULT_PORT;
    bool is_v6 = slice_has_prefix(text, SLICE("["));
    char name[64];

    host = slice_cut(&rest, is_v6 ? ']' : ':');
    if (is_v6) {
        if (!rest.p)
            return false;
        host = slice_from(host, 1);
        if (rest.n > 0 && rest.p[0] == ':')
            rest = slice_from(rest, 1);
    }
    if (host.n == 0 || host.n >= sizeof(name))
        return false;
    if (rest.p && rest.n > 0 && (!num_parse_u63(rest, &port) || port < 1 || port > 65535))
        return false;
    memcpy(name, host.p, host.n);
    name[host.n] = '\0';
    out->addr_size = is_v6 ? sizeof(*in6) : sizeof(*in);
    if (is_v6) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, name, &in6->sin6_addr) == 1;
    }
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, name, &in->sin_addr) == 1;
}

static const char *parse_word(struct slice word, struct log_syslog *out)
{
    struct slice value = word, key = slice_cut(&value, '=');

    if (slice_eq(key, SLICE("server"))) {
        bool is_unix = slice_has_prefix(value, SLICE("unix:"));

        if (!(is_unix ? parse_unix(slice_from(value, 5), out) : parse_ip(value, out)))
            return "invalid syslog server: an address or unix:/path is expected";
    } else if (slice_eq(key, SLICE("facility"))) {
        if (!parse_word_of(facilities, ARRAY_LEN(facilities), value, &out->facility))
            return "unknown syslog facility";
    } else if (slice_eq(key, SLICE("severity"))) {
        if (!parse_word_of(severities, ARRAY_LEN(severities), value, &out->severity))
            return "unknown syslog severity";
    } else if (slice_eq(key, SLICE("tag"))) {
        if (!parse_tag(value, out))
            return "syslog \"tag\" has up to 32 letters, digits and underscores";
    } else if (slice_eq(word, SLICE("nohostname"))) {
        out->has_hostname = false;
    } else {
        return "unknown syslog parameter";
    }
    return NULL;
}

const char *log_syslog_parse(struct slice text, struct log_syslog *out)
{
    *out = (struct log_syslog){
        .facility = LOCAL7, .severity = INFO, .tag = "nginx", .has_hostname = true};
    while (text.p && text.n > 0) {
        struct slice word = slice_cut(&text, ',');
        const char *why = parse_word(word, out);

        if (why)
            return why;
    }
    if (gethostname(out->hostname, sizeof(out->hostname) - 1) != 0)
        out->has_hostname = false;
    return out->addr_size ? NULL : "no syslog server specified";
}

int log_syslog_open(const struct log_syslog *s)
{
    int fd = socket(s->addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    /* A Unix socket that is not there yet may come: log_syslog_send looks for it. */
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&s->addr, s->addr_size) != 0 &&
        s->addr.ss_family != AF_UNIX) {
        close(fd);
        return -1;
    }
    return fd;
}

bool log_syslog_send(const struct log_syslog *s, int fd, struct slice line)
{
    ssize_t n = write(fd, line.p, line.n);

    if (n < 0 && errno != EAGAIN && s->addr.ss_family == AF_UNIX &&
        connect(fd, (const struct sockaddr *)&s->addr, s->addr_size) == 0)
        n = write(fd, line.p, line.n);
    return n >= 0 || errno == EAGAIN;
}

static void begin(const struct log_syslog *s, int severity, struct buf *line)
{
    buf_printf(line, "<%d>" SLICE_FMT " %s%s%s: ", s->facility * 8 + severity,
               SLICE_ARG(clock_syslog_date()), s->has_hostname ? s->hostname : "",
               s->has_hostname ? " " : "", s->tag);
}

void log_syslog_begin(const struct log_syslog *s, enum log_level level, struct buf *line)
{
    begin(s, level > LOG_EMERG ? (int)level - 1 : 0, line);
}

void log_syslog_begin_access(const struct log_syslog *s, struct buf *line)
{
    begin(s, s->severity, line);
}
