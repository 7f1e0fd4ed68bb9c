/* The values of nginx, and what it makes of them. */
#include "app/filters/expires.h"

#include <time.h>

#include "app/variables/script.h"
#include "app/visit.h"
#include "base/clock.h"
#include "base/num.h"
#include "proto/date.h"

enum { DAY = 86400 };

static bool take_word(struct expires *x, struct slice word)
{
    static const struct {
        const char *word;
        enum expires_kind kind;
    } words[] = {{"off", EXPIRES_OFF}, {"epoch", EXPIRES_EPOCH}, {"max", EXPIRES_MAX}};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!slice_eq(word, slice_str(words[i].word)))
            continue;
        x->kind = words[i].kind;
        return true;
    }
    return false;
}

/* [+-]time, or @time of day. */
static bool take_time(struct expires *x, struct slice word)
{
    bool is_daily = word.n > 0 && word.p[0] == '@' && !x->is_modified;
    bool is_negative = word.n > 0 && word.p[0] == '-';
    int64_t ms;

    if (is_daily || is_negative || (word.n > 0 && word.p[0] == '+'))
        word = slice_from(word, 1);
    if (!num_parse_msec(word, &ms) || (is_daily && ms / 1000 > DAY))
        return false;
    x->seconds = is_negative ? -(ms / 1000) : ms / 1000;
    x->kind = is_daily ? EXPIRES_DAILY : x->is_modified ? EXPIRES_MODIFIED : EXPIRES_SECONDS;
    return true;
}

bool expires_parse(struct expires *x, struct slice value)
{
    return (!x->is_modified && take_word(x, value)) || take_time(x, value);
}

static void set_expires(struct visit *v, struct slice date, struct slice control)
{
    struct header_list *l = &v->x->res.headers;

    header_set_id(l, visit_pool(v), HEADER_EXPIRES, date);
    header_set_id(l, visit_pool(v), HEADER_CACHE_CONTROL, control);
}

/* The next moment when the local clock shows `seconds` after midnight. */
static int64_t next_time_of_day(int64_t now, int64_t seconds)
{
    time_t t = (time_t)now;
    struct tm tm;
    int64_t at;

    localtime_r(&t, &tm);
    tm.tm_hour = (int)(seconds / 3600);
    tm.tm_min = (int)(seconds / 60 % 60);
    tm.tm_sec = (int)(seconds % 60);
    tm.tm_isdst = -1;
    at = (int64_t)mktime(&tm);
    if (at > now)
        return at;
    tm.tm_mday++;
    tm.tm_isdst = -1;
    at = (int64_t)mktime(&tm);
    return at > now ? at : now + DAY;
}

static void set_computed(struct visit *v, int64_t at, int64_t age)
{
    char *date = pool_alloc(visit_pool(v), DATE_SIZE);
    struct slice control = SLICE("no-cache");

    date_format(date, at);
    if (age >= 0)
        control = pool_printf(visit_pool(v), "max-age=%lld", (long long)age);
    set_expires(v, slice_of(date, DATE_SIZE), control);
}

void expires_apply(struct visit *v)
{
    struct expires x = v->loc->expires;
    int64_t now = clock_wall_ms() / 1000, modified = v->x->res.last_modified, seconds;

    if (x.value && !expires_parse(&x, script_eval(x.value, v)))
        return;
    seconds = x.seconds;
    switch (x.kind) {
    case EXPIRES_OFF:
        return;
    case EXPIRES_EPOCH:
        set_expires(v, SLICE("Thu, 01 Jan 1970 00:00:01 GMT"), SLICE("no-cache"));
        return;
    case EXPIRES_MAX:
        set_expires(v, SLICE("Thu, 31 Dec 2037 23:55:55 GMT"), SLICE("max-age=315360000"));
        return;
    case EXPIRES_DAILY:
        seconds = next_time_of_day(now, seconds) - now;
        break;
    case EXPIRES_MODIFIED:
        if (modified >= 0 && seconds != 0)
            seconds += modified - now;
        break;
    case EXPIRES_SECONDS:
        break;
    }
    set_computed(v, now + seconds, x.seconds < 0 ? -1 : seconds);
}
