/* The error log.
 *
 * A line is put together in memory and leaves with one write(2) on a descriptor opened for append,
 * so that lines of several processes never mix and none is lost in a buffer when one dies. A line
 * that cannot be written is dropped: there is nobody to tell, unless it was for a syslog server.
 * Without locks or threads the second number of "pid#tid" is the pid again. A context that wants to
 * say more about its subject fills `describe`; nothing here knows the subjects. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log_syslog.h"
#include "base/mem.h"

enum { LINE_MOST = 4096, TEXT_MOST = 65536, LINE_GUESS = 512 };
enum { COMPLAINS_EACH_MS = 50, COMPLAINS_MOST = 20, COMPLAINS_WITHIN_MS = 10000 };

static const char *const names[] = {
    [LOG_STDERR] = "stderr", [LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",
    [LOG_CRIT] = "crit",     [LOG_ERROR] = "error", [LOG_WARN] = "warn",
    [LOG_NOTICE] = "notice", [LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

static const struct log_sink to_stderr = {.fd = STDERR_FILENO, .level = LOG_NOTICE};
static const struct log_sink *default_sink =
    &to_stderr;           /* process-wide: set by each configuration */
static const char *doing; /* process-wide: what the running code is part of */
static log_tap_fn tap;    /* process-wide: who reads what is written */

static int sink_fd(const struct log_sink *sink)
{
    return sink->path && sink->fd > STDERR_FILENO ? sink->fd : STDERR_FILENO;
}

/* A descriptor for its file that is none of the three standard ones, which belong to others. */
static int open_above_stderr(const struct log_sink *sink)
{
    mode_t mode = sink->is_secret ? 0600 : 0644;
    int fd = open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode);
    int above, errnum;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    errnum = errno;
    close(fd);
    errno = errnum;
    return above;
}

const struct err *log_open(struct log_sink *sink)
{
    int fd = STDERR_FILENO;

    if (sink->syslog)
        fd = log_syslog_open(sink->syslog);
    else if (sink->path)
        fd = open_above_stderr(sink);
    /* When a reopen fails the old file goes on. */
    if (fd < 0)
        return err_from_errno(errno);
    if (sink->fd > STDERR_FILENO)
        close(sink->fd);
    sink->fd = fd;
    return NULL;
}

void log_close(struct log_sink *sink)
{
    if (sink->fd > STDERR_FILENO)
        close(sink->fd);
    sink->fd = STDERR_FILENO;
    mem_free(sink->path);
    mem_free(sink->syslog);
    sink->path = NULL;
    sink->syslog = NULL;
}

static void write_line(int fd, const char *p, size_t n)
{
    while (write(fd, p, n) < 0 && errno == EINTR)
        continue;
}

/* A panic says on stderr what happened; the file of the error log gets it too. Nothing may be
 * allocated here. */
static void on_panic(const char *text)
{
    char line[LINE_MOST];
    struct slice date = clock_log_date();
    int fd = sink_fd(default_sink);
    int pid = (int)getpid();
    int n;

    if (fd == STDERR_FILENO)
        return;
    n = snprintf(line, sizeof(line) - 1, SLICE_FMT " [alert] %d#%d: %s", SLICE_ARG(date), pid, pid,
                 text);
    n = MIN(n, (int)sizeof(line) - 2);
    line[n] = '\n';
    write_line(fd, line, (size_t)n + 1);
}

void log_set_default(const struct log_sink *sink)
{
    default_sink = sink ? sink : &to_stderr;
    check_set_panic_hook(on_panic);
}

void log_set_doing(const char *what)
{
    doing = what;
}

log_tap_fn log_set_tap(log_tap_fn fn)
{
    log_tap_fn before = tap;

    tap = fn;
    return before;
}

const struct log_sink *log_default(void)
{
    return default_sink;
}

static const struct log_sink *sink_of(const struct log_ctx *ctx)
{
    for (; ctx; ctx = ctx->parent) {
        if (ctx->sink)
            return ctx->sink;
    }
    return default_sink;
}

bool log_is_on(const struct log_ctx *ctx, enum log_level level)
{
    return level <= sink_of(ctx)->level;
}

static void begin_line(struct buf *line, const struct log_ctx *ctx, enum log_level level)
{
    const struct log_syslog *syslog = sink_of(ctx)->syslog;
    int64_t pid = getpid();

    buf_reserve(line, LINE_GUESS);
    if (syslog)
        log_syslog_begin(syslog, level, line);
    buf_add_slice(line, clock_log_date());
    buf_add_lit(line, " [");
    if (level != LOG_STDERR)
        buf_add_slice(line, slice_str(log_level_name(level)));
    buf_add_lit(line, "] ");
    buf_add_int(line, pid);
    buf_add_char(line, '#');
    buf_add_int(line, pid);
    buf_add_lit(line, ": ");
    while (ctx && ctx->id == 0)
        ctx = ctx->parent;
    if (ctx)
        buf_printf(line, "*%llu ", (unsigned long long)ctx->id);
}

static void describe_all(const struct log_ctx *ctx, struct buf *line)
{
    if (!ctx)
        return;
    describe_all(ctx->parent, line);
    if (ctx->describe)
        ctx->describe(ctx, line);
}

/* May it be told that a line was lost? Not each time, for who logs much would lose much. */
static bool may_complain(void)
{
    static uint64_t last_ms;  /* process-wide: when it was told; 0: never */
    static uint64_t since_ms; /* process-wide: of the first of those counted */
    static unsigned told;     /* process-wide: since then */
    uint64_t now = clock_ms();

    if (last_ms && now - last_ms < COMPLAINS_EACH_MS)
        return false;
    if (!since_ms || now - since_ms >= COMPLAINS_WITHIN_MS) {
        since_ms = now;
        told = 0;
    }
    if (told == COMPLAINS_MOST)
        return false;
    told++;
    last_ms = now;
    return true;
}

/* A line did not go to its syslog server: the process default is told, where that is a file. */
static void complain(int errnum)
{
    if (default_sink->syslog || !may_complain())
        return;
    log_write(NULL, LOG_ERROR, "send() failed (%d: %s) to the syslog server of an error_log",
              errnum, strerror(errnum));
}

static void end_line(struct buf *line, const struct log_ctx *ctx, enum log_level level, size_t most)
{
    const struct log_sink *sink = sink_of(ctx);

    if (doing)
        buf_printf(line, " while %s", doing);
    if (level != LOG_DEBUG)
        describe_all(ctx, line);
    line->n = MIN(line->n, most - 1);
    if (tap)
        tap(level, buf_slice(line));
    buf_add_char(line, '\n');
    if (!sink->syslog)
        write_line(sink_fd(sink), line->p, line->n);
    else if (!log_syslog_send(sink->syslog, sink_fd(sink), buf_slice(line)))
        complain(errno);
    buf_free(line);
}

void log_write(const struct log_ctx *ctx, enum log_level level, const char *fmt, ...)
{
    struct buf line = BUF_EMPTY;
    int errnum = errno;
    va_list ap;

    if (!log_is_on(ctx, level))
        return;
    begin_line(&line, ctx, level);
    /* "%m" and callers' later uses of errno see what it was. */
    errno = errnum;
    va_start(ap, fmt);
    buf_vprintf(&line, fmt, ap);
    va_end(ap);
    end_line(&line, ctx, level, LINE_MOST);
    errno = errnum;
}

void log_text(const struct log_ctx *ctx, enum log_level level, struct slice text)
{
    struct buf line = BUF_EMPTY;
    int errnum = errno;

    if (!log_is_on(ctx, level))
        return;
    begin_line(&line, ctx, level);
    buf_add(&line, text.p, MIN(text.n, (size_t)TEXT_MOST));
    end_line(&line, ctx, level, TEXT_MOST + LINE_MOST);
    errno = errnum;
}

const char *log_level_name(enum log_level level)
{
    CHECK((size_t)level < ARRAY_LEN(names));
    return names[level];
}

bool log_level_parse(struct slice name, enum log_level *out)
{
    for (size_t i = LOG_EMERG; i < ARRAY_LEN(names); i++) {
        if (slice_eq(name, slice_str(names[i]))) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}
