/* HTTP dates: calendar arithmetic of our own, since the system's follows the locale and the time
 * zone.
 *
 * Days are counted in years that begin in March, so that the leap day comes last and needs no
 * special case. */
#include "proto/date.h"

static const char day_names[] = "SunMonTueWedThuFriSat";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const struct slice long_days[7] = {
    {"Sunday", 6},   {"Monday", 6}, {"Tuesday", 7},  {"Wednesday", 9},
    {"Thursday", 8}, {"Friday", 6}, {"Saturday", 8},
};

struct moment {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
};

static int64_t to_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void from_days(int64_t days, struct moment *m)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    m->day = (int)(of_year - (153 * month + 2) / 5 + 1);
    m->month = (int)(month < 10 ? month + 3 : month - 9);
    m->year = (int)(year + era * 400 + (m->month <= 2));
}

static void put2(char *out, int v)
{
    out[0] = (char)('0' + v / 10);
    out[1] = (char)('0' + v % 10);
}

void date_format(char out[DATE_SIZE], int64_t seconds)
{
    /* The form has four digits for the year: what lies outside is shown as the nearest that fits.
     */
    const int64_t least = -62167219200, most = 253402300799;
    int64_t s = MIN(MAX(seconds, least), most);
    int64_t days = (s >= 0 ? s : s - 86399) / 86400;
    int rest = (int)(s - days * 86400);
    struct moment m;

    from_days(days, &m);
    memcpy(out, "Day, 00 Mon 0000 00:00:00 GMT", DATE_SIZE);
    memcpy(out, day_names + 3 * (((days + 4) % 7 + 7) % 7), 3);
    put2(out + 5, m.day);
    memcpy(out + 8, month_names + 3 * (m.month - 1), 3);
    put2(out + 12, m.year / 100);
    put2(out + 14, m.year % 100);
    put2(out + 17, rest / 3600);
    put2(out + 20, rest / 60 % 60);
    put2(out + 23, rest % 60);
}

static bool get_number(const char *p, int n, int *out)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (p[i] - '0');
    }
    *out = v;
    return true;
}

/* The index of a three-letter name in a table of them. */
static bool get_name(const char *p, const char *names, int n, int *out)
{
    for (int i = 0; i < n; i++) {
        if (memcmp(p, names + 3 * i, 3) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool get_time(const char *p, struct moment *m)
{
    return get_number(p, 2, &m->hour) && p[2] == ':' && get_number(p + 3, 2, &m->minute) &&
           p[5] == ':' && get_number(p + 6, 2, &m->second);
}

static bool get_month(const char *p, struct moment *m)
{
    if (!get_name(p, month_names, 12, &m->month))
        return false;
    m->month++;
    return true;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool parse_fixdate(const char *p, struct moment *m)
{
    int day;

    return get_name(p, day_names, 7, &day) && memcmp(p + 3, ", ", 2) == 0 &&
           get_number(p + 5, 2, &m->day) && p[7] == ' ' && get_month(p + 8, m) && p[11] == ' ' &&
           get_number(p + 12, 4, &m->year) && p[16] == ' ' && get_time(p + 17, m) &&
           memcmp(p + 25, " GMT", 4) == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT. RFC 9110 places the century by today's date; without a clock here
 * the turn is at 1970, before which no server had files. */
static bool parse_rfc850(struct slice s, struct moment *m)
{
    for (unsigned i = 0; i < ARRAY_LEN(long_days); i++) {
        const char *p = s.p + long_days[i].n;
        if (s.n != long_days[i].n + 24 || !slice_has_prefix(s, long_days[i]))
            continue;
        if (memcmp(p, ", ", 2) != 0 || !get_number(p + 2, 2, &m->day) || p[4] != '-' ||
            !get_month(p + 5, m) || p[8] != '-' || !get_number(p + 9, 2, &m->year) ||
            p[11] != ' ' || !get_time(p + 12, m) || memcmp(p + 20, " GMT", 4) != 0)
            return false;
        m->year += m->year < 70 ? 2000 : 1900;
        return true;
    }
    return false;
}

/* Sun Nov  6 08:49:37 1994 */
static bool parse_asctime(const char *p, struct moment *m)
{
    int day;
    bool has_day = p[8] == ' ' ? get_number(p + 9, 1, &m->day) : get_number(p + 8, 2, &m->day);

    return has_day && get_name(p, day_names, 7, &day) && p[3] == ' ' && get_month(p + 4, m) &&
           p[7] == ' ' && p[10] == ' ' && get_time(p + 11, m) && p[19] == ' ' &&
           get_number(p + 20, 4, &m->year);
}

static bool is_real(const struct moment *m)
{
    static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = m->year % 4 == 0 && (m->year % 100 != 0 || m->year % 400 == 0);
    int days = lengths[m->month - 1] + (m->month == 2 && is_leap);

    return m->day >= 1 && m->day <= days && m->hour < 24 && m->minute < 60 && m->second <= 60;
}

bool date_parse(struct slice s, int64_t *seconds_out)
{
    struct moment m;
    bool is_read = s.n == 29 && s.p[3] == ',' ? parse_fixdate(s.p, &m)
                   : s.n == 24                ? parse_asctime(s.p, &m)
                                              : parse_rfc850(s, &m);

    if (!is_read || !is_real(&m))
        return false;
    *seconds_out =
        to_days(m.year, m.month, m.day) * 86400 + m.hour * 3600 + m.minute * 60 + m.second;
    return true;
}
