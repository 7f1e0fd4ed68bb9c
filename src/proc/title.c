/* The kernel shows the memory where the arguments were put at start; behind them, without a gap,
 * stands the environment. Both are copied elsewhere, then the whole stretch is ours to write in. */
#include "proc/title.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

char **ngx_argv; /* process-wide: see title.h */

static struct {
    char *p;
    size_t size;
} room;                                        /* process-wide: where the title stands */
static struct buf arguments;                   /* process-wide: the command line as text */
static char **variables __attribute__((used)); /* process-wide: the copy of the environment, which
                                                   `environ` may leave behind */

/* One block, which the array begins: setenv may put others in the place of these strings. */
static char **copy_strings(char **strings)
{
    size_t n = 0, size = 0;
    char **copy, *at;

    while (strings[n])
        size += strlen(strings[n++]) + 1;
    copy = mem_alloc((n + 1) * sizeof(*copy) + size);
    at = (char *)(copy + n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(strings[i]) + 1;

        copy[i] = memcpy(at, strings[i], length);
        at += length;
    }
    copy[n] = NULL;
    return copy;
}

/* Where the strings end that follow each other from `end` on. */
static char *end_of(char *end, char **strings)
{
    for (; *strings; strings++) {
        if (end == *strings)
            end += strlen(*strings) + 1;
    }
    return end;
}

void title_init(int argc, char **argv)
{
    char *end = end_of(argv[0], argv);

    room.p = argv[0];
    room.size = (size_t)(end_of(end, environ) - argv[0]);
    ngx_argv = copy_strings(argv);
    environ = variables = copy_strings(environ);
    program_invocation_name = ngx_argv[0];
    program_invocation_short_name = strrchr(ngx_argv[0], '/');
    program_invocation_short_name =
        program_invocation_short_name ? program_invocation_short_name + 1 : ngx_argv[0];
    for (int i = 0; i < argc; i++)
        buf_printf(&arguments, "%s%s", i ? " " : "", ngx_argv[i]);
    for (int i = 1; i < argc; i++)
        argv[i] = ngx_argv[i];
}

void title_set(const char *fmt, ...)
{
    va_list ap;
    int n;

    if (!room.p)
        return;
    va_start(ap, fmt);
    n = vsnprintf(room.p, room.size, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < room.size)
        memset(room.p + n, 0, room.size - (size_t)n);
}

const char *title_arguments(void)
{
    return buf_cstr(&arguments);
}
