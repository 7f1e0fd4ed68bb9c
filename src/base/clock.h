/* Time. Reading is free: the values are cached and refreshed by clock_update (the loop calls it
 * once a turn). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"
#include "base/slice.h"

/* Reads the system's clocks into the cache of the calling thread. */
void clock_update(void);

/* Milliseconds of a monotonic clock; only differences mean anything. */
uint64_t clock_ms(void);

/* Wall clock in milliseconds since 1970 UTC; up to 3 ms behind, and a change of the system's clock
 * shows after an eighth of a second. It ticks together with clock_ms. */
int64_t clock_wall_ms(void);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (29 bytes) of the cached second; valid until the second changes.
 */
struct slice clock_http_date(void);

/* "2026/11/22 21:53:30" local time of the cached second, for the error log. */
struct slice clock_log_date(void);

/* "22/Nov/2026:21:53:30 +0000" local time, for the access log. */
struct slice clock_access_date(void);

/* "Nov 22 21:53:30" local time, the day two wide, for syslog (RFC 3164). */
struct slice clock_syslog_date(void);

/* "2026-11-22T21:53:30+00:00" local time. */
struct slice clock_iso8601(void);

/* Microseconds of the monotonic clock, read now, not cached. */
uint64_t clock_us_now(void);

#endif
