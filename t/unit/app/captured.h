/* A world whose exchange answers into memory, and a directory of files for it to serve. */
#ifndef UNIT_APP_CAPTURED_H
#define UNIT_APP_CAPTURED_H

#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/files/file_cache.h"
#include "base/buf.h"
#include "base/num.h"

struct captured {
    struct world w;
    struct step step;
    char dir[64];
    unsigned heads, lasts, aborts, sections;
    struct buf body;
};

static inline struct captured *captured_of(const struct exchange *x)
{
    return (struct captured *)CONTAINER_OF(x, struct world, x);
}

static inline void captured_head(struct exchange *x, bool has_body)
{
    UNUSED(has_body);
    captured_of(x)->heads++;
}

static inline void captured_body(struct exchange *x, const struct chunk *c)
{
    struct captured *t = captured_of(x);

    assert_int_equal(t->heads, 1);
    assert_int_equal(t->lasts, 0);
    t->lasts += c->is_last;
    if (c->fd < 0) {
        buf_add_slice(&t->body, c->bytes);
        return;
    }
    t->sections++;
    assert_int_equal(pread(c->fd, buf_reserve(&t->body, c->size), c->size, c->offset), c->size);
    t->body.n += c->size;
    if (c->owns_fd)
        close(c->fd);
}

static inline void captured_abort(struct exchange *x, const struct err *why)
{
    UNUSED(why);
    captured_of(x)->aborts++;
}

static inline void captured_release(struct exchange *x)
{
    UNUSED(x);
}

static const struct exchange_transport captured_transport = {
    .send_head = captured_head,
    .send_body = captured_body,
    .abort = captured_abort,
    .release = captured_release,
};

/* A fresh exchange in the same world. */
static inline void captured_again(struct captured *t, const char *path)
{
    struct world *w = &t->w;

    pool_reset(&w->x.pool);
    t->heads = t->lasts = t->aborts = t->sections = 0;
    t->body.n = 0;
    w->x.transport = &captured_transport;
    w->x.state = EXCHANGE_HANDLING;
    w->x.has_ended = w->x.is_complete = w->x.is_head = false;
    w->x.holds = 2;
    w->x.body_left = -1;
    w->x.filters = NULL;
    w->x.keep_alive = true;
    w->x.req.method = METHOD_GET;
    w->x.req.path = slice_str(path);
    w->x.req.query = slice_of(NULL, 0);
    w->x.req.headers = (struct header_list){0};
    w->x.res = (struct response){.content_length = -1, .last_modified = -1};
    w->v = (struct visit){.x = &w->x,
                          .conf = &w->conf,
                          .listen = &w->listen,
                          .vhost = &w->vhost,
                          .loc = &w->base,
                          .is_running = true};
    world_begin_visit(w);
}

static inline void captured_init(struct captured *t)
{
    static const struct log_sink quiet = {.level = LOG_STDERR, .fd = -1};

    memset(t, 0, sizeof *t);
    world_init(&t->w);
    (void)snprintf(t->dir, sizeof t->dir, "/tmp/perilune-unit-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    t->w.base.root = script_literal(&t->w.conf.pool, slice_str(t->dir));
    t->w.base.default_type = SLICE("text/plain");
    t->w.base.has_etag = true;
    t->w.base.if_modified_since = MODIFIED_EXACT;
    t->w.base.is_autoindex_exact_size = true;
    log_set_default(&quiet);
    captured_again(t, "/");
}

static inline void captured_end(struct captured *t)
{
    char command[128];

    world_end(&t->w);
    buf_free(&t->body);
    file_cache_clear();
    log_set_default(NULL);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", t->dir);
    assert_int_equal(system(command), 0);
}

/* The path of `name` in the directory; one buffer. */
static inline const char *captured_path(struct captured *t, const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", t->dir, name);
    return path;
}

/* Writes a file of the directory, in place, with this time of modification (0: now). */
static inline void captured_file(struct captured *t, const char *name, struct slice content,
                                 time_t mtime)
{
    const char *path = captured_path(t, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    struct timespec times[2] = {{mtime, 0}, {mtime, 0}};

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.p, content.n), content.n);
    if (mtime)
        assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

/* A field of the response as a string, "(none)" when it is not there. */
static inline const char *captured_field(struct captured *t, const char *name)
{
    const struct header *h = header_find(&t->w.x.res.headers, slice_str(name));

    return h ? world_text(&t->w, h->value) : "(none)";
}

static inline const char *captured_text(struct captured *t)
{
    return buf_cstr(&t->body);
}

#endif
