/* How the process stops when it finds a bug in itself.
 *
 * The report goes to stderr and to one hook, then abort() leaves a core. Nothing here allocates: a
 * panic may come from an exhausted or a damaged heap. Frames are printed as `symbol+offset
 * (object+offset)`; static functions have no symbol at run time, so give the object's offset to
 * addr2line. The hook runs once: a panic inside it goes straight to abort(). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/check.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { REPORT_SIZE = 8192, MESSAGE_MOST = 4096, FRAMES_MOST = 48 };

struct report {
    char text[REPORT_SIZE];
    size_t n;
};

static void (*panic_hook)(const char *text); /* process-wide: one error log to tell */
static bool is_panicking;                    /* process-wide: stops a panic inside a panic */

PRINTF_LIKE(2, 0) static void append_list(struct report *r, const char *fmt, va_list ap)
{
    size_t room = sizeof(r->text) - r->n;
    int n = vsnprintf(r->text + r->n, room, fmt, ap);

    if (n > 0)
        r->n += MIN((size_t)n, room - 1);
}

PRINTF_LIKE(2, 3) static void append(struct report *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    append_list(r, fmt, ap);
    va_end(ap);
}

static void append_frame(struct report *r, int at, void *address)
{
    Dl_info info;

    if (dladdr(address, &info) == 0 || !info.dli_fname) {
        append(r, "\n  #%d %p", at, address);
        return;
    }
    append(r, "\n  #%d ", at);
    if (info.dli_sname)
        append(r, "%s+0x%zx ", info.dli_sname, (size_t)((char *)address - (char *)info.dli_saddr));
    append(r, "(%s+0x%zx)", info.dli_fname, (size_t)((char *)address - (char *)info.dli_fbase));
}

static void append_backtrace(struct report *r)
{
    void *frames[FRAMES_MOST];
    int count = backtrace(frames, FRAMES_MOST);

    /* The first frames are this function and check_panic. */
    for (int i = 2; i < count; i++)
        append_frame(r, i - 2, frames[i]);
}

static void write_to_stderr(const struct report *r)
{
    ssize_t done = write(STDERR_FILENO, r->text, r->n);

    /* There is nobody left to tell when stderr is gone. */
    UNUSED(done);
}

__attribute__((noinline)) void check_panic(const char *file, int line, const char *fmt, ...)
{
    struct report r;
    va_list ap;

    if (is_panicking)
        abort();
    is_panicking = true;
    r.n = 0;
    append(&r, "panic at %s:%d: ", file, line);
    va_start(ap, fmt);
    append_list(&r, fmt, ap);
    va_end(ap);
    /* A message of any length leaves room for the frames. */
    r.n = MIN(r.n, (size_t)MESSAGE_MOST);
    append_backtrace(&r);
    if (panic_hook)
        panic_hook(r.text);
    /* In place of the terminator, for which there is always room. */
    r.text[r.n++] = '\n';
    write_to_stderr(&r);
    abort();
}

void check_set_panic_hook(void (*fn)(const char *text))
{
    panic_hook = fn;
}
