/* The access log: formats compiled once, a line per request.
 *
 * A struct access_log (location.h) says where (sink), how (format), when (condition) and whether by
 * way of a buffer. */
#ifndef APP_ACCESS_LOG_H
#define APP_ACCESS_LOG_H

#include "app/variables/script.h"
#include "app/visit.h"

struct log_format;

/* Compiles the arguments of log_format behind its name: optionally `escape=default|json|none`, then
 * pieces of text that are joined. Lives in the table's pool. NULL, with nginx's words in
 * *error_out, when it is not right. */
const struct log_format *access_log_compile(struct variable_table *t, const struct slice *args,
                                            size_t n, struct slice *error_out);

/* Are there variables that only the connection itself can tell? */
bool access_log_names_connection(const struct log_format *f);

/* The predefined format `combined`. */
const struct log_format *access_log_combined(struct variable_table *t);

/* buffer=, flush=, gzip= */
struct access_log_buffering {
    size_t size;       /* bytes; 0: none was asked for */
    uint64_t flush_ms; /* 0: no limit of time */
    int gzip_level;    /* 0: not compressed */
};

/* A buffer for lines to `sink`, written when it is full, when a line has waited for too long, and
 * when `pool` ends. Access logs with one sink must share one buffer. */
struct access_log_buffer *access_log_buffer_new(struct pool *pool, struct log_sink *sink,
                                                const struct access_log_buffering *how);

/* Was it made with these? */
bool access_log_buffer_is(const struct access_log_buffer *b,
                          const struct access_log_buffering *how);

/* Writes out what the buffer (may be NULL) holds. To be called before its sink is reopened, and
 * when a worker ends. */
void access_log_flush(struct access_log_buffer *b);

/* Writes a line to every access log of v->loc whose condition holds. The visit is over; its pool is
 * still there. */
void access_log_write(struct visit *v);

#endif
