/* Lines lie one behind another in `room`, each with its head; when there is no room behind the
 * newest the oldest are dropped and the rest moves to the front, which costs less than a line's way
 * to the disk. */
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
    size_t size, from, to;
    enum log_level most;
} kept; /* process-wide: the lines of this process */

static struct head head_at(size_t at)
{
    struct head h;

    memcpy(&h, kept.room + at, sizeof(h));
    return h;
}

static void make_room(size_t n)
{
    while (kept.to - kept.from + n > kept.size)
        kept.from += sizeof(struct head) + head_at(kept.from).n;
    if (kept.to + n <= kept.size)
        return;
    memmove(kept.room, kept.room + kept.from, kept.to - kept.from);
    kept.to -= kept.from;
    kept.from = 0;
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
}

void ffi_errlog_open(size_t size)
{
    mem_free(kept.room);
    kept.room = size ? mem_alloc(size) : NULL;
    kept.size = size;
    kept.from = kept.to = 0;
    kept.most = LOG_DEBUG;
    log_set_tap(size ? on_line : NULL);
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
    if (kept.from == kept.to)
        return 0;
    h = head_at(kept.from);
    out->p = kept.room + kept.from + sizeof(h);
    out->n = h.n;
    *level = h.level;
    *seconds = h.seconds;
    kept.from += sizeof(h) + h.n;
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
