/* Numbers in text.
 *
 * Every parser takes the whole slice or nothing and leaves *out alone when it answers false. To add
 * a unit of size or time, add a row to `size_units` or `time_units`; rows of time stand largest
 * first, which is also the order in which the parts of a time may follow each other. */
#include "base/num.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool num_parse_u63(struct slice s, int64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

        /* Eighteen digits always fit. */
        if (digit > 9 || (i >= 18 && v > ((uint64_t)INT64_MAX - digit) / 10))
            return false;
        v = v * 10 + digit;
    }
    *out = (int64_t)v;
    return true;
}

bool num_parse_hex(struct slice s, int64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0 || s.n > 16)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int digit = num_hex_digit(s.p[i]);

        if (digit < 0)
            return false;
        v = v << 4 | (uint64_t)digit;
    }
    if (v > INT64_MAX)
        return false;
    *out = (int64_t)v;
    return true;
}

static const struct {
    char lower;
    int64_t scale;
} size_units[] = {
    {'k', (int64_t)1 << 10},
    {'m', (int64_t)1 << 20},
    {'g', (int64_t)1 << 30},
};

bool num_parse_size(struct slice s, int64_t *out)
{
    int64_t v, scale = 1;

    for (size_t i = 0; s.n > 0 && scale == 1 && i < ARRAY_LEN(size_units); i++) {
        if ((s.p[s.n - 1] | 0x20) == size_units[i].lower)
            scale = size_units[i].scale;
    }
    if (scale > 1)
        s.n--;
    if (!num_parse_u63(s, &v) || v > INT64_MAX / scale)
        return false;
    *out = v * scale;
    return true;
}

static const struct time_unit {
    const char *name;
    int64_t ms;
} time_units[] = {
    {"y", (int64_t)365 * 86400000},
    {"M", (int64_t)30 * 86400000},
    {"w", (int64_t)7 * 86400000},
    {"d", 86400000},
    {"h", 3600000},
    {"m", 60000},
    {"s", 1000},
    {"ms", 1},
};

enum { SECONDS = 6 /* the row of "s" */ };

/* The row of the unit at the front of `*s`, which is taken off. Nothing left stands for seconds; -1
 * for others. */
static int take_unit(struct slice *s)
{
    struct slice name = *s;

    name.n = 0;
    while (name.n < s->n && !is_digit(s->p[name.n]) && s->p[name.n] != ' ')
        name.n++;
    *s = slice_from(*s, name.n);
    if (name.n == 0)
        return s->n == 0 ? SECONDS : -1;
    for (size_t i = 0; i < ARRAY_LEN(time_units); i++) {
        if (slice_eq(name, slice_str(time_units[i].name)))
            return (int)i;
    }
    return -1;
}

/* Takes "12h" off the front of `*s`: adds it to *total_ms when its unit stands behind row *row,
 * which it becomes. */
static bool take_time(struct slice *s, int *row, int64_t *total_ms)
{
    struct slice digits = slice_of(s->p, 0);
    int64_t v;
    int unit;

    while (digits.n < s->n && is_digit(digits.p[digits.n]))
        digits.n++;
    *s = slice_from(*s, digits.n);
    if (!num_parse_u63(digits, &v))
        return false;
    unit = take_unit(s);
    if (unit <= *row)
        return false;
    *row = unit;
    return !__builtin_mul_overflow(v, time_units[unit].ms, &v) &&
           !__builtin_add_overflow(*total_ms, v, total_ms);
}

bool num_parse_msec(struct slice s, int64_t *out)
{
    int64_t total = 0;
    int row = -1;

    if (s.n == 0)
        return false;
    do {
        if (!take_time(&s, &row, &total))
            return false;
        /* A space must have a part behind it, which the next turn demands. */
        while (s.n > 1 && s.p[0] == ' ')
            s = slice_from(s, 1);
    } while (s.n > 0);
    *out = total;
    return true;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

size_t num_format(char *out, int64_t v)
{
    char text[20];
    char *at = text + sizeof(text);
    uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
    size_t n;

    while (left >= 100) {
        at -= 2;
        memcpy(at, pairs + left % 100 * 2, 2);
        left /= 100;
    }
    if (left >= 10) {
        at -= 2;
        memcpy(at, pairs + left * 2, 2);
    } else {
        *--at = (char)('0' + left);
    }
    if (v < 0)
        *--at = '-';
    n = (size_t)(text + sizeof(text) - at);
    memcpy(out, at, n);
    return n;
}
