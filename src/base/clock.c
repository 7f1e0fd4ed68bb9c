/* The cached clocks and the dates made from them; each thread has its own.
 *
 * The wall clock is the monotonic one plus their distance, which is measured a few times a second:
 * so both tick at the same moments, and whoever slept 300 ms finds the wall clock further by at
 * least that. clock_update formats nothing. The first date asked for in a second formats all four;
 * the others of that second are free. The main thread's cache is filled once before main(), so that
 * nothing reads a zero clock. Names of days and months are spelled out here: strftime would follow
 * the locale. */
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    DATE_SIZE = 40,
    DISTANCE_LASTS = 128 /* ms until it is measured again: a wall clock that was set shows soon */
};

struct date {
    char text[DATE_SIZE];
    size_t n;
};

struct dates {
    int64_t second; /* that the texts show */
    struct date http, log, access, syslog, iso8601;
};

static __thread uint64_t mono_ms;                           /* process-wide: cached clock */
static __thread int64_t wall_ms;                            /* process-wide: cached clock */
static __thread int64_t distance;                           /* process-wide: wall_ms - mono_ms */
static __thread uint64_t measure_at;                        /* process-wide: in mono_ms */
static __thread struct dates dates = {.second = INT64_MIN}; /* process-wide: cached texts */

static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t read_us(clockid_t which)
{
    struct timespec ts;

    clock_gettime(which, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* A distance that is right to the millisecond stays: measured anew it would go to and fro. The
 * clocks are not read at one moment; a process that was kept from running in between measures once
 * more. */
static __attribute__((noinline)) void measure_distance(void)
{
    int64_t before, us, after = read_us(CLOCK_MONOTONIC);

    for (int i = 0; i < 3; i++) {
        before = after;
        us = read_us(CLOCK_REALTIME) - before;
        after = read_us(CLOCK_MONOTONIC);
        if (after - before < 100)
            break;
    }
    if (us < distance * 1000 || us >= (distance + 2) * 1000)
        distance = (us - 500) / 1000; /* in the middle of what is right */
    measure_at = mono_ms + DISTANCE_LASTS;
}

void clock_update(void)
{
    mono_ms = (uint64_t)read_us(CLOCK_MONOTONIC) / 1000;
    if (mono_ms >= measure_at)
        measure_distance();
    wall_ms = (int64_t)mono_ms + distance;
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
    return (uint64_t)read_us(CLOCK_MONOTONIC);
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
    format(&dates.syslog, "%s %2d %02d:%02d:%02d", months[local.tm_mon], local.tm_mday,
           local.tm_hour, local.tm_min, local.tm_sec);
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

struct slice clock_syslog_date(void)
{
    return current(&dates.syslog);
}

struct slice clock_iso8601(void)
{
    return current(&dates.iso8601);
}
