/* The content step of `echo` and its kin. The lines of a block are one list; each is done by
 * itself, so that a variable is evaluated when its line is reached.
 *
 * A line that waits (a sleep, a body, a subrequest) leaves the rest to whoever ends the wait:
 * go_on. The struct lives in the visit's pool; what it waits for is called off with that. */
#include "app/echo.h"

#include <stdlib.h>
#include <unistd.h>

#include "app/conf.h"
#include "app/files/static_send.h"
#include "app/filters/echo_filter.h"
#include "app/location_path.h"
#include "app/phases.h"
#include "app/request_body.h"
#include "app/subrequest.h"
#include "app/variables/script.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "http/body_spool.h"
#include "loop/timer.h"

enum { PIECE = 16384, COPIES_MOST = 1 << 20, BODY_FILE_MOST = 16 << 20 };

struct echo_run {
    struct visit *v;
    const struct echo_line *line; /* the next one */
    struct timer timer;
    struct echo_part *parts; /* subrequests whose answers are not written yet, in their order */
    bool is_waiting;         /* whoever ends the wait goes on */
};

struct echo_part {
    struct echo_run *run;
    struct subrequest *sub;
    bool has_ended;
    struct echo_part *next;
};

static void go_on(struct echo_run *r);

static void write_slice(struct visit *v, struct slice s)
{
    if (s.n && v->x->state < EXCHANGE_DONE)
        exchange_write(v->x, &CHUNK_BYTES(s));
}

static void write_text(struct visit *v, const struct echo_line *line)
{
    struct buf text = BUF_EMPTY;

    echo_filter_text(v, line, &text);
    write_slice(v, buf_slice(&text));
    buf_free(&text);
}

/* 10_000 is a number, too. */
static bool parse_count(struct slice text, int64_t *out)
{
    struct buf digits = BUF_EMPTY;
    bool is_number;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '_')
            buf_add_char(&digits, text.p[i]);
    is_number = num_parse_u63(buf_slice(&digits), out);
    buf_free(&digits);
    return is_number;
}

static void write_copies(struct visit *v, const struct echo_line *line)
{
    struct slice text = script_eval(line->words[1], v);
    int64_t n;

    if (!parse_count(script_eval(line->words[0], v), &n))
        return;
    for (int64_t i = 0; i < MIN(n, (int64_t)COPIES_MOST); i++)
        write_slice(v, text);
}

static void write_request_body(struct visit *v)
{
    const struct body_spool *s = request_body_seen(v);
    char piece[PIECE];
    off_t at = 0;
    ssize_t n;

    if (!s || s->state != BODY_END)
        return;
    write_slice(v, buf_slice(&s->memory));
    while (s->fd >= 0 && (n = pread(s->fd, piece, sizeof(piece), at)) > 0) {
        write_slice(v, slice_of(piece, (size_t)n));
        at += n;
    }
}

/* --- lines that wait: true when they do --- */

static void on_timer(struct timer *t)
{
    go_on(CONTAINER_OF(t, struct echo_run, timer));
}

static bool start_sleep(struct echo_run *r, const struct echo_line *line)
{
    struct slice text = script_eval(line->words[0], r->v);
    int64_t ms;

    if (!num_parse_msec(text, &ms)) /* seconds with a fraction */
        ms = (int64_t)(strtod(pool_strdup(visit_pool(r->v), text), NULL) * 1000);
    timer_start(&r->timer, ms > 0 ? (uint64_t)ms : 0);
    return true;
}

static void on_spooled(struct exchange *x, struct body_spool *s)
{
    UNUSED(x);
    go_on(s->user);
}

static bool start_body(struct echo_run *r)
{
    struct body_spool *s = r->v->x->spool;

    if (!s || s->state == BODY_WAIT)
        s = body_spool_start(r->v->x, on_spooled, r);
    return s->state == BODY_WAIT;
}

/* In the order of the lines, whichever ends first. */
static void write_parts(struct echo_run *r)
{
    while (r->parts && r->parts->has_ended) {
        struct echo_part *p = r->parts;

        r->parts = p->next;
        write_slice(r->v, buf_slice(&p->sub->body));
        subrequest_release(&p->sub);
    }
}

static void on_end(struct subrequest *s)
{
    struct echo_part *p = s->user;
    struct echo_run *r = p->run;

    p->has_ended = true;
    write_parts(r);
    if (r->is_waiting && !r->parts && !timer_is_active(&r->timer))
        go_on(r);
}

/* "path?query" in one word, or the query in another. */
static void split_path(struct slice *path, struct slice *query)
{
    if (query->p || slice_find(*path, '?') < 0)
        return;
    *query = *path;
    *path = slice_cut(query, '?');
}

/* Logged. */
static bool is_unsafe(struct echo_run *r, const struct echo_line *line, struct slice path)
{
    struct slice shown;

    if (location_path_is_safe(path))
        return false;
    shown = exchange_shown(r->v->x, path);
    log_write(&r->v->x->log, LOG_WARN, "%s%s sees unsafe uri: \"" SLICE_FMT "\"",
              line->kind == ECHO_LOCATION ? "echo_location" : "echo_subrequest",
              line->is_async ? "_async" : "", SLICE_ARG(shown));
    return true;
}

static void start_subrequest(struct echo_run *r, const struct echo_line *line,
                             struct subrequest_options *o)
{
    struct echo_part *p, **end = &r->parts;

    split_path(&o->path, &o->query);
    if (is_unsafe(r, line, o->path) || !location_path_read(r->v, o->path, &o->path))
        return;
    p = pool_new(visit_pool(r->v), struct echo_part);
    p->run = r;
    p->sub = subrequest_new(r->v, o);
    if (!p->sub)
        return;
    while (*end)
        end = &(*end)->next;
    *end = p;
    p->sub->on_end = on_end;
    p->sub->user = p;
    subrequest_start(p->sub);
}

static void start_location(struct echo_run *r, const struct echo_line *line)
{
    struct subrequest_options o = {.method = METHOD_GET, .path = script_eval(line->words[0], r->v)};

    if (line->n > 1)
        o.query = script_eval(line->words[1], r->v);
    start_subrequest(r, line, &o);
}

/* Appends the content of the file to `out`; a relative path begins at the server's prefix. */
static bool read_file(struct visit *v, struct slice path, struct buf *out)
{
    const char *name = conf_path_in(v->conf, path, visit_pool(v));
    const struct err *e = file_read(name, BODY_FILE_MOST, out);

    if (e)
        log_write(&v->x->log, LOG_ERROR, "open() \"%s\" failed (%s)", name, e->message);
    return !e;
}

/* False (logged): the body cannot be read. */
static bool read_option(struct visit *v, enum echo_option option, struct slice text,
                        struct subrequest_options *o)
{
    struct buf body = BUF_EMPTY;
    bool is_read = true;

    if (option == ECHO_QUERY) {
        o->query = text;
        return true;
    }
    o->has_body = true;
    o->body = text;
    if (option == ECHO_FILE) {
        is_read = read_file(v, text, &body);
        o->body = pool_dup(visit_pool(v), buf_slice(&body));
        buf_free(&body);
    }
    return is_read;
}

static void start_any(struct echo_run *r, const struct echo_line *line)
{
    struct subrequest_options o = {.method = method_parse(script_eval(line->words[0], r->v)),
                                   .path = script_eval(line->words[1], r->v)};

    o.forwards_body = o.method != METHOD_GET && o.method != METHOD_HEAD;
    for (unsigned i = 2; i + 1 < line->n; i += 2)
        if (!read_option(r->v, line->options[i / 2 - 1], script_eval(line->words[i + 1], r->v), &o))
            return;
    start_subrequest(r, line, &o);
}

/* --- the list --- */

/* Does a line. True: it waits. */
static bool do_line(struct echo_run *r, const struct echo_line *line)
{
    struct chunk flush = CHUNK_BYTES(SLICE_EMPTY);

    switch (line->kind) {
    case ECHO_TEXT:
        write_text(r->v, line);
        return false;
    case ECHO_DUPLICATE:
        write_copies(r->v, line);
        return false;
    case ECHO_REQUEST_BODY:
        write_request_body(r->v);
        return false;
    case ECHO_FLUSH:
        flush.is_flush = true;
        exchange_write(r->v->x, &flush);
        return false;
    case ECHO_SLEEP:
        return start_sleep(r, line);
    case ECHO_READ_BODY:
        return start_body(r);
    case ECHO_LOCATION:
        start_location(r, line);
        return r->parts && !line->is_async;
    case ECHO_SUBREQUEST:
        start_any(r, line);
        return r->parts && !line->is_async;
    case ECHO_EXEC:
    case ECHO_STATUS:
        break; /* done before the answer began */
    }
    return false;
}

/* The head waits for the first line that may write: a peer sees nothing of one who only sleeps. */
static void begin(struct exchange *x)
{
    if (!exchange_has_started(x))
        exchange_start(x);
}

/* What the line writes comes behind what subrequests do; sleep and other subrequests go on beside
 * them. */
static bool waits_for_parts(const struct echo_line *line)
{
    return line->kind != ECHO_SLEEP && line->kind != ECHO_LOCATION && line->kind != ECHO_SUBREQUEST;
}

static void go_on(struct echo_run *r)
{
    struct exchange *x = r->v->x;

    exchange_hold(x); /* a filter may give it up inside of any write */
    r->is_waiting = false;
    while (!r->is_waiting && r->line && x->state < EXCHANGE_DONE) {
        const struct echo_line *line = r->line;

        if (r->parts && waits_for_parts(line))
            break;
        r->line = line->next;
        if (line->kind != ECHO_SLEEP && line->kind != ECHO_READ_BODY)
            begin(x);
        r->is_waiting = do_line(r, line);
    }
    r->is_waiting = r->is_waiting || r->parts;
    if (!r->is_waiting && x->state < EXCHANGE_DONE) {
        begin(x);
        exchange_end(x);
    }
    exchange_release(x);
}

static void call_off(void *arg)
{
    struct echo_run *r = arg;

    timer_stop(&r->timer);
}

static enum step_result exec(struct visit *v, const struct echo_line *line)
{
    struct slice path = script_eval(line->words[0], v), query = {NULL, 0};

    if (line->n > 1)
        query = script_eval(line->words[1], v);
    if (path.n > 0 && path.p[0] != '@')
        split_path(&path, &query);
    return phases_redirect(v, path, query);
}

static int status_of(struct visit *v, const struct echo_line *line)
{
    int64_t n = 200;

    for (; line; line = line->next)
        if (line->kind == ECHO_STATUS &&
            (!num_parse_u63(script_eval(line->words[0], v), &n) || n < 200 || n > 599))
            n = 200;
    return (int)n;
}

enum step_result echo_step(struct visit *v, const struct step *s)
{
    const struct echo_line *line = *(struct echo_line *const *)s->arg;
    struct echo_run *r;
    struct exchange *x = v->x;

    if (line->kind == ECHO_EXEC)
        return exec(v, line);
    r = pool_new(visit_pool(v), struct echo_run);
    r->v = v;
    r->line = line;
    timer_init(&r->timer, on_timer);
    pool_on_reset(visit_pool(v), call_off, r);
    if (x->res.status == 0)
        x->res.status = status_of(v, line);
    static_send_type(v);
    go_on(r);
    return STEP_DONE;
}
