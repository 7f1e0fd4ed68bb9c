/* Lines lie in a ring, each with its head and none in two pieces: what is left at the end is not
 * used when the next one does not fit there. */
#include "app/lua/ffi_errlog.h"

#include <string.h>

#include "app/lua/lua_step.h"
#include "base/clock.h"
#include "base/mem.h"

struct head {
    double seconds;
    uint32_t n;
    int level;
};

static struct {
    char *room;
    size_t size, from, to, end; /* behind `end` nothing lies; the oldest line is at `from` */
    unsigned n;
    enum log_level most;
} kept; /* process-wide: the lines of this process */

static struct head head_at(size_t at)
{
    struct head h;

    memcpy(&h, kept.room + at, sizeof(h));
    return h;
}

static void drop_oldest(void)
{
    kept.from += sizeof(struct head) + head_at(kept.from).n;
    kept.n--;
    if (kept.n == 0)
        kept.from = kept.to = kept.end = 0;
    else if (kept.from == kept.end)
        kept.from = 0;
}

/* What is free where the next line would begin. */
static size_t room_behind(void)
{
    return kept.n == 0 || kept.to > kept.from ? kept.size - kept.to : kept.from - kept.to;
}

static void make_room(size_t n)
{
    if (room_behind() >= n)
        return;
    if (kept.size - kept.to < n) {
        while (kept.n > 0 && kept.from >= kept.to)
            drop_oldest();
        kept.end = kept.to;
        kept.to = 0;
    }
    while (room_behind() < n)
        drop_oldest();
}

static void on_line(enum log_level level, struct slice line)
{
    struct head h = {(double)clock_wall_ms() / 1000, (uint32_t)line.n, (int)level};
    size_t n = sizeof(h) + line.n;

    if (level > kept.most || n > kept.size)
        return;
    make_room(n);
    memcpy(kept.room + kept.to, &h, sizeof(h));
    memcpy(kept.room + kept.to + sizeof(h), line.p, line.n);
    kept.to += n;
    kept.end = MAX(kept.end, kept.to);
    kept.n++;
}

void ffi_errlog_open(size_t size)
{
    mem_free(kept.room);
    kept.room = size ? mem_alloc(size) : NULL;
    kept.size = size;
    kept.from = kept.to = kept.end = kept.n = 0;
    kept.most = LOG_DEBUG;
    (void)log_set_tap(size ? on_line : NULL);
}

static bool is_level(int level)
{
    return level >= LOG_STDERR && level <= LOG_DEBUG;
}

int ffi_errlog_set_filter(int level)
{
    if (!kept.size)
        return -1;
    if (!is_level(level))
        return -2;
    kept.most = (enum log_level)level;
    return 0;
}

int ffi_errlog_take(struct ffi_str *out, int *level, double *seconds)
{
    struct head h;

    if (!kept.size)
        return -1;
    if (kept.n == 0)
        return 0;
    h = head_at(kept.from);
    out->p = kept.room + kept.from + sizeof(h);
    out->n = h.n;
    *level = h.level;
    *seconds = h.seconds;
    drop_oldest();
    return 1;
}

int ffi_errlog_system_level(void)
{
    const struct log_ctx *ctx = lua_current_log();
    int level = LOG_DEBUG;

    while (level > LOG_STDERR && !log_is_on(ctx, (enum log_level)level))
        level--;
    return level;
}

int ffi_errlog_write(int level, const char *text, size_t n)
{
    if (!is_level(level))
        return -1;
    log_text(lua_current_log(), (enum log_level)level, slice_of(text, n));
    return 0;
}

void ffi_errlog_tell(int level, const char *text, size_t n)
{
    const struct visit *v = lua_current_visit();
    const struct log_ctx *ctx = lua_current_log();
    struct buf line = BUF_EMPTY;

    if (!v || !v->session || !slice_has_prefix(slice_of(text, n), SLICE("lua "))) {
        log_text(ctx, (enum log_level)level, slice_of(text, n));
        return;
    }
    buf_add_lit(&line, "stream ");
    buf_add(&line, text, n);
    log_text(ctx, (enum log_level)level, buf_slice(&line));
    buf_free(&line);
}
