/* The cached clocks and the dates made from them; each thread has its own.
 *
 * clock_update reads two clocks and formats nothing. The first date asked for in a second formats
 * all four; the others of that second are free. The main thread's cache is filled once before
 * main(), so that nothing reads a zero clock. Names of days and months are spelled out here:
 * strftime would follow the locale. */
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DATE_SIZE = 40 };

struct date {
    char text[DATE_SIZE];
    size_t n;
};

struct dates {
    int64_t second; /* that the texts show */
    struct date http, log, access, iso8601;
};

static __thread uint64_t mono_ms;                           /* process-wide: cached clock */
static __thread int64_t wall_ms;                            /* process-wide: cached clock */
static __thread struct dates dates = {.second = INT64_MIN}; /* process-wide: cached texts */

static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void clock_update(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    mono_ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
    clock_gettime(CLOCK_REALTIME, &ts);
    wall_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

__attribute__((constructor)) static void start(void)
{
    /* localtime_r need not read TZ by itself. */
    tzset();
    clock_update();
}

uint64_t clock_ms(void)
{
    return mono_ms;
}

int64_t clock_wall_ms(void)
{
    return wall_ms;
}

uint64_t clock_us_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

PRINTF_LIKE(2, 3) static void format(struct date *d, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(d->text, sizeof(d->text), fmt, ap);
    va_end(ap);
    d->n = MIN((size_t)n, sizeof(d->text) - 1);
}

__attribute__((noinline)) static void format_all(int64_t second)
{
    time_t t = (time_t)second;
    struct tm utc, local;
    long offset;
    char sign;
    int year;

    dates.second = second;
    gmtime_r(&t, &utc);
    localtime_r(&t, &local);
    offset = labs(local.tm_gmtoff) / 60;
    sign = local.tm_gmtoff < 0 ? '-' : '+';
    year = local.tm_year + 1900;
    format(&dates.http, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday], utc.tm_mday,
           months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    format(&dates.log, "%04d/%02d/%02d %02d:%02d:%02d", year, local.tm_mon + 1, local.tm_mday,
           local.tm_hour, local.tm_min, local.tm_sec);
    format(&dates.access, "%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld", local.tm_mday,
           months[local.tm_mon], year, local.tm_hour, local.tm_min, local.tm_sec, sign, offset / 60,
           offset % 60);
    format(&dates.iso8601, "%04d-%02d-%02dT%02d:%02d:%02d%c%02ld:%02ld", year, local.tm_mon + 1,
           local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, sign, offset / 60,
           offset % 60);
}

static inline struct slice current(const struct date *d)
{
    int64_t second = wall_ms / 1000;

    if (UNLIKELY(dates.second != second))
        format_all(second);
    return slice_of(d->text, d->n);
}

struct slice clock_http_date(void)
{
    return current(&dates.http);
}

struct slice clock_log_date(void)
{
    return current(&dates.log);
}

struct slice clock_access_date(void)
{
    return current(&dates.access);
}

struct slice clock_iso8601(void)
{
    return current(&dates.iso8601);
}
