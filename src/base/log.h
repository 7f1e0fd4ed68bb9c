/* The error log: levels, sinks, and contexts that inherit their subject.
 *
 * A line is `2026/11/22 21:53:30 [error] 123#123: *7 message, client: 127.0.0.1, server: x,
 * request: "GET / HTTP/1.1"`. Each subject (connection, exchange) embeds a `struct log_ctx` whose
 * parent is the subject it belongs to; `describe` appends what it adds behind the message,
 * outermost first; not in lines of the debug level, which come in heaps and say the id. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

struct log_syslog;

enum log_level {
    LOG_STDERR,
    LOG_EMERG,
    LOG_ALERT,
    LOG_CRIT,
    LOG_ERROR,
    LOG_WARN,
    LOG_NOTICE,
    LOG_INFO,
    LOG_DEBUG,
};

/* Where lines go: one file, or stderr. Reference-free: lives as long as the configuration that
 * opened it. */
struct log_sink {
    char *path;                /* NULL: stderr */
    struct log_syslog *syslog; /* owned; not NULL: a server, `path` is its description */
    int fd;
    enum log_level level;   /* lines above this are dropped */
    bool is_secret;         /* a file that is made is its owner's alone */
    uint64_t complained_ms; /* an access log: when its last failed write was told of; 0: never */
};

struct log_ctx {
    const struct log_ctx *parent;
    const struct log_sink *sink; /* NULL: the parent's, or the process default */
    uint64_t id;                 /* printed as *id when not 0 (the innermost one that is not 0) */
    void (*describe)(const struct log_ctx *ctx,
                     struct buf *out); /* may be NULL; appends ", key: value" */
};

/* Opens (or reopens, after rotation) `sink->path` for append, mode 0644; stderr when the path is
 * NULL. */
const struct err *log_open(struct log_sink *sink) MUST_USE;

/* Closes the file and frees the path. */
void log_close(struct log_sink *sink);

/* The sink used where no context names one. Until set: stderr, level notice. */
void log_set_default(const struct log_sink *sink);

/* The process default. */
const struct log_sink *log_default(void);

/* " while …" in the lines of the code that runs until it is set to NULL again. */
void log_set_doing(const char *what);

typedef void (*log_tap_fn)(enum log_level level, struct slice line);

/* Calls `fn` with each line that is written, without its newline; it must not log. NULL: nobody.
 * Answers who was called before. */
log_tap_fn log_set_tap(log_tap_fn fn);

/* Would a line of this level be written? Cheap; `ctx` may be NULL. */
bool log_is_on(const struct log_ctx *ctx, enum log_level level);

/* Writes one line. `ctx` may be NULL. Control bytes in the message are kept; a line is cut at 4,096
 * bytes unless it is from Lua (log_text). */
void log_write(const struct log_ctx *ctx, enum log_level level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Writes one line with this text, of any length up to 64 KiB. */
void log_text(const struct log_ctx *ctx, enum log_level level, struct slice text);

/* "emerg" … "debug". */
const char *log_level_name(enum log_level level);

/* The level of a name; false when there is none. */
bool log_level_parse(struct slice name, enum log_level *out);

#endif
