/* The access log.
 *
 * A format is a list of texts and variables. Lines are put together in one block that the process
 * keeps, and each leaves with one write(2) on a descriptor opened for append, so lines of several
 * workers never mix. With `buffer=` lines gather in memory instead and leave together, never cut in
 * two; the buffer's timer is armed when the first line comes. A file whose path has variables is
 * opened for each line, because nobody knows how many of them there are.
 *
 * What a client sends must not be able to forge a line: by default quotes, backslashes and
 * everything outside of printable ASCII are written as \xHH. A value that is not there is "-",
 * except in JSON, where it is empty. A line that cannot be written is lost; the error log is told
 * once a minute for each log. */
#include "app/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/conf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log_syslog.h"
#include "base/mem.h"
#include "loop/timer.h"
#include "proto/compress.h"

enum { COMPLAIN_EVERY_MS = 60000, LINE_KEPT_MOST = 65536, FILE_MODE = 0644 };

enum escape { ESCAPE_DEFAULT, ESCAPE_JSON, ESCAPE_NONE };

struct format_part {
    const struct variable *variable; /* NULL: the text */
    struct slice text;
};

struct log_format {
    enum escape escape;
    bool names_connection;
    unsigned n;
    struct format_part parts[];
};

struct access_log_buffer {
    struct log_sink *sink;
    struct access_log_buffering how;
    struct buf bytes;
    struct timer timer;
};

static struct buf line; /* process-wide: the memory of the line being written, kept */

static const struct {
    struct slice name;
    enum escape escape;
} escapes[] = {
    {SLICE("default"), ESCAPE_DEFAULT},
    {SLICE("json"), ESCAPE_JSON},
    {SLICE("none"), ESCAPE_NONE},
};

/* 1: taken, 0: the argument is none, -1: not a kind of escaping. */
static int take_escape(struct pool *pool, struct slice arg, enum escape *out,
                       struct slice *error_out)
{
    if (!slice_has_prefix(arg, SLICE("escape=")))
        return 0;
    arg = slice_from(arg, sizeof("escape=") - 1);
    for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
        if (slice_eq(arg, escapes[i].name)) {
            *out = escapes[i].escape;
            return 1;
        }
    }
    *error_out = pool_printf(pool, "unknown log format escaping \"" SLICE_FMT "\"", SLICE_ARG(arg));
    return -1;
}

static size_t count_parts(const struct slice *args, size_t n)
{
    size_t parts = n;

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < args[i].n; k++)
            parts += args[i].p[k] == '$' ? 2 : 0;
    }
    return parts;
}

static bool is_of_connection(struct slice name)
{
    return slice_eq(name, SLICE("server_addr")) || slice_has_prefix(name, SLICE("tcpinfo_"));
}

/* A name ends with its argument, whatever the next one begins with. */
static bool add_argument(struct variable_table *t, struct log_format *f, struct slice arg,
                         struct slice *error_out)
{
    struct slice rest = arg, text, name;
    int result;

    while ((result = script_next_part(t->pool, &rest, &text, &name, error_out)) > 0) {
        struct format_part *part = &f->parts[f->n++];

        if (name.p) {
            part->variable = variable_refer(t, name);
            f->names_connection |= is_of_connection(part->variable->name);
        } else {
            part->text = pool_dup(t->pool, text);
        }
    }
    if (result < 0 && slice_eq(*error_out, SLICE("invalid variable name")))
        *error_out = pool_printf(t->pool, "invalid parameter \"" SLICE_FMT "\"", SLICE_ARG(arg));
    return result == 0;
}

const struct log_format *access_log_compile(struct variable_table *t, const struct slice *args,
                                            size_t n, struct slice *error_out)
{
    enum escape escape = ESCAPE_DEFAULT;
    struct log_format *f;
    int result = n > 0 ? take_escape(t->pool, args[0], &escape, error_out) : 0;

    if (result < 0)
        return NULL;
    f = pool_zalloc(t->pool, sizeof(*f) + count_parts(args, n) * sizeof(f->parts[0]));
    f->escape = escape;
    for (size_t i = (size_t)result; i < n; i++) {
        if (!add_argument(t, f, args[i], error_out))
            return NULL;
    }
    return f;
}

bool access_log_names_connection(const struct log_format *f)
{
    return f->names_connection;
}

const struct log_format *access_log_combined(struct variable_table *t)
{
    const struct slice text =
        SLICE("$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent "
              "\"$http_referer\" \"$http_user_agent\"");
    struct slice error;

    return access_log_compile(t, &text, 1, &error);
}

static void add_value(struct buf *out, enum escape escape, struct slice value)
{
    if (!value.p && escape == ESCAPE_DEFAULT)
        buf_add_char(out, '-');
    else if (value.n == 0)
        return;
    else if (escape == ESCAPE_DEFAULT)
        encode_log(out, value);
    else if (escape == ESCAPE_JSON)
        encode_json(out, value);
    else
        buf_add_slice(out, value);
}

static void format_line(struct visit *v, const struct log_format *f, struct buf *out)
{
    for (unsigned i = 0; i < f->n; i++) {
        const struct format_part *part = &f->parts[i];

        if (part->variable)
            add_value(out, f->escape, part->variable->get(v, part->variable));
        else
            buf_add_slice(out, part->text);
    }
    buf_add_char(out, '\n');
}

/* Is it time to tell the error log again, after `*last_ms`? */
static bool may_complain(uint64_t *last_ms)
{
    if (*last_ms != 0 && clock_ms() - *last_ms < COMPLAIN_EVERY_MS)
        return false;
    *last_ms = clock_ms();
    return true;
}

static void write_to(int fd, const char *path, struct slice bytes, uint64_t *complained_ms)
{
    ssize_t n;

    do {
        n = write(fd, bytes.p, bytes.n);
    } while (n < 0 && errno == EINTR);
    if (n == (ssize_t)bytes.n || !may_complain(complained_ms))
        return;
    if (n < 0)
        log_write(NULL, LOG_ALERT, "write() to \"%s\" failed (%d: %m)", path, errno);
    else
        log_write(NULL, LOG_ALERT, "write() to \"%s\" was incomplete: %zd of %zu", path, n,
                  bytes.n);
}

static void write_out(struct log_sink *sink, struct slice bytes)
{
    int fd = sink->path && sink->fd > STDERR_FILENO ? sink->fd : STDERR_FILENO;

    write_to(fd, sink->path ? sink->path : "stderr", bytes, &sink->complained_ms);
}

/* A datagram has a head in place of the newline; one that is lost is lost. */
static void send_line(struct log_sink *sink, struct slice bytes)
{
    struct buf message = BUF_EMPTY;

    log_syslog_begin_access(sink->syslog, &message);
    bytes.n--;
    buf_add_slice(&message, bytes);
    if (!log_syslog_send(sink->syslog, sink->fd, buf_slice(&message)) &&
        may_complain(&sink->complained_ms))
        log_write(NULL, LOG_ALERT, "send() to \"%s\" failed (%d: %m)", sink->path, errno);
    buf_free(&message);
}

/* Each write is a gzip member of its own, as a file may hold many (RFC 1952 section 2.2). */
static void write_packed(const struct access_log_buffer *b, struct slice bytes)
{
    struct compressor *c;
    struct buf packed = BUF_EMPTY;

    if (b->how.gzip_level == 0) {
        write_out(b->sink, bytes);
        return;
    }
    c = compressor_new(CODING_GZIP, b->how.gzip_level, (int64_t)bytes.n);
    compressor_write(c, bytes, COMPRESS_END, &packed);
    compressor_free(&c);
    write_out(b->sink, buf_slice(&packed));
    buf_free(&packed);
}

void access_log_flush(struct access_log_buffer *b)
{
    if (!b)
        return;
    timer_stop(&b->timer);
    if (b->bytes.n > 0)
        write_packed(b, buf_slice(&b->bytes));
    b->bytes.n = 0;
}

static void on_flush_due(struct timer *t)
{
    access_log_flush(CONTAINER_OF(t, struct access_log_buffer, timer));
}

static void end_buffer(void *arg)
{
    struct access_log_buffer *b = arg;

    access_log_flush(b);
    buf_free(&b->bytes);
}

struct access_log_buffer *access_log_buffer_new(struct pool *pool, struct log_sink *sink,
                                                const struct access_log_buffering *how)
{
    struct access_log_buffer *b = pool_new(pool, struct access_log_buffer);

    b->sink = sink;
    b->how = *how;
    timer_init(&b->timer, on_flush_due);
    timer_set_background(&b->timer);
    pool_on_reset(pool, end_buffer, b);
    return b;
}

bool access_log_buffer_is(const struct access_log_buffer *b, const struct access_log_buffering *how)
{
    return b->how.size == how->size && b->how.flush_ms == how->flush_ms &&
           b->how.gzip_level == how->gzip_level;
}

static void write_line(const struct access_log *log, struct slice bytes)
{
    struct access_log_buffer *b = log->buffer;

    if (log->sink->syslog) {
        send_line(log->sink, bytes);
        return;
    }
    if (!b) {
        write_out(log->sink, bytes);
        return;
    }
    if (b->bytes.n + bytes.n > b->how.size)
        access_log_flush(b);
    if (bytes.n > b->how.size) {
        write_packed(b, bytes);
        return;
    }
    if (b->bytes.n == 0 && b->how.flush_ms > 0)
        timer_start(&b->timer, b->how.flush_ms);
    buf_add_slice(&b->bytes, bytes);
}

/* Does a component lead upward? Clients may have a say in what variables hold. */
static bool climbs(struct slice path)
{
    while (path.p) {
        if (slice_eq(slice_cut(&path, '/'), SLICE("..")))
            return true;
    }
    return false;
}

static void write_by_path(struct visit *v, struct access_log *log, struct slice bytes)
{
    struct slice path = script_eval(log->path, v);
    const char *z;
    int fd = -1;

    path = pool_printf(visit_pool(v), SLICE_FMT SLICE_FMT,
                       SLICE_ARG(path.n && path.p[0] == '/' ? SLICE_EMPTY : v->conf->prefix),
                       SLICE_ARG(path));
    z = path.p;
    errno = EPERM;
    if (!memchr(z, 0, path.n) && !climbs(path))
        fd = open(z, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
    if (fd >= 0) {
        write_to(fd, z, bytes, &log->complained_ms);
        (void)close(fd);
    } else if (may_complain(&log->complained_ms)) {
        int why = errno;
        struct slice shown = exchange_shown(v->x, path);

        log_write(&v->x->log, LOG_CRIT, "open() \"" SLICE_FMT "\" failed (%d: %s)",
                  SLICE_ARG(shown), why, strerror(why));
    }
}

static bool is_wanted(struct visit *v, const struct access_log *log)
{
    struct slice value;

    if (!log->condition)
        return true;
    value = script_eval(log->condition, v);
    return value.n > 0 && !slice_eq(value, SLICE("0"));
}

void access_log_write(struct visit *v)
{
    for (struct access_log *log = v->loc->access_logs; log; log = log->next) {
        if (!is_wanted(v, log))
            continue;
        line.n = 0;
        format_line(v, log->format, &line);
        if (log->sink)
            write_line(log, buf_slice(&line));
        else
            write_by_path(v, log, buf_slice(&line));
    }
    if (line.size > LINE_KEPT_MOST)
        buf_free(&line);
}
