/* One function for each. To add one: a row at the end; its directive and its entry in
 * `ndk.set_var`, if it takes one value, follow from that. */
#include "app/variables/set_misc.h"

#include <string.h>
#include <time.h>

#include "app/lua/ffi_codec.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/num.h"
#include "base/rand.h"
#include "net/crypto_hash.h"

enum { RANDOM_TEXT_MOST = 64, TIME_MOST = 256, BASE32_BITS = 5 };

/* --- URIs --- */

static bool is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c && strchr("-._~!$'()*,@|`", c));
}

static bool escape_uri(const struct slice *v, struct buf *out)
{
    for (size_t i = 0; i < v->n; i++) {
        unsigned char c = (unsigned char)v->p[i];
        char escaped[3] = "%";

        if (is_plain(c)) {
            buf_add_char(out, v->p[i]);
            continue;
        }
        encode_hex_capitals(escaped + 1, c);
        buf_add(out, escaped, sizeof(escaped));
    }
    return true;
}

static bool unescape_uri(const struct slice *v, struct buf *out)
{
    char *p = buf_reserve(out, v->n + 1);

    out->n += ffi_codec_unescape(v->p, v->n, p);
    return true;
}

/* --- literals --- */

static bool quote_sql(const struct slice *v, struct buf *out)
{
    char *p = buf_reserve(out, 2 * v->n + 2);

    out->n += ffi_codec_quote_sql(v->p, v->n, p);
    return true;
}

static bool quote_pgsql(const struct slice *v, struct buf *out)
{
    if (v->n)
        buf_add_char(out, 'E');
    return quote_sql(v, out);
}

static bool quote_json(const struct slice *v, struct buf *out)
{
    static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

    if (v->n == 0) {
        buf_add_lit(out, "null");
        return true;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < v->n; i++) {
        char c = v->p[i];
        const char *at = c ? strchr(escaped, c) : NULL;

        if (at)
            buf_printf(out, "\\%c", letters[at - escaped]);
        else if ((unsigned char)c < 0x20)
            buf_printf(out, "\\u%04x", c);
        else
            buf_add_char(out, c);
    }
    buf_add_char(out, '"');
    return true;
}

/* --- encodings --- */

static bool to_base64(const struct slice *v, struct buf *out)
{
    encode_base64(out, *v, false, true);
    return true;
}

static bool to_base64url(const struct slice *v, struct buf *out)
{
    encode_base64(out, *v, true, false);
    return true;
}

static bool from_any_base64(struct slice v, bool is_url, struct buf *out)
{
    ptrdiff_t n = ffi_codec_unbase64(v.p, v.n, is_url, false, buf_reserve(out, v.n + 3));

    if (n > 0)
        out->n += (size_t)n;
    return n >= 0;
}

static bool from_base64(const struct slice *v, struct buf *out)
{
    return from_any_base64(*v, false, out);
}

static bool from_base64url(const struct slice *v, struct buf *out)
{
    return from_any_base64(*v, true, out);
}

static bool to_hex(const struct slice *v, struct buf *out)
{
    encode_hex(out, *v);
    return true;
}

static bool from_hex(const struct slice *v, struct buf *out)
{
    for (size_t i = 0; i + 1 < v->n; i += 2) {
        int high = num_hex_digit(v->p[i]), low = num_hex_digit(v->p[i + 1]);

        if (high < 0 || low < 0)
            return false;
        buf_add_char(out, (char)(high << 4 | low));
    }
    return v->n % 2 == 0;
}

static const char base32[] = "0123456789abcdefghijklmnopqrstuv"; /* RFC 4648 section 7 */

static bool to_base32(const struct slice *v, struct buf *out)
{
    unsigned held = 0, bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++) {
        held = held << 8 | (unsigned char)v->p[i];
        for (bits += 8; bits >= BASE32_BITS; n++)
            buf_add_char(out, base32[held >> (bits -= BASE32_BITS) & 31]);
        held &= 31;
    }
    if (bits) {
        buf_add_char(out, base32[held << (BASE32_BITS - bits) & 31]);
        n++;
    }
    for (; n % 8; n++)
        buf_add_char(out, '=');
    return true;
}

static bool from_base32(const struct slice *v, struct buf *out)
{
    unsigned held = 0, bits = 0;
    size_t n = v->n;

    while (n > 0 && v->p[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++) {
        char c = v->p[i];
        const char *digit = c ? strchr(base32, c >= 'A' && c <= 'Z' ? c | 0x20 : c) : NULL;

        if (!digit)
            return false;
        held = (held << BASE32_BITS | (unsigned)(digit - base32)) & 0xfff;
        bits += BASE32_BITS;
        if (bits >= 8)
            buf_add_char(out, (char)(held >> (bits -= 8)));
    }
    return true;
}

/* --- digests --- */

static bool add_hash(enum crypto_hash hash, struct slice text, struct buf *out)
{
    unsigned char sum[CRYPTO_HASH_MOST];

    encode_hex(out, slice_of((const char *)sum, crypto_hash(hash, text, sum)));
    return true;
}

static bool md5(const struct slice *v, struct buf *out)
{
    return add_hash(CRYPTO_MD5, *v, out);
}

static bool sha1(const struct slice *v, struct buf *out)
{
    return add_hash(CRYPTO_SHA1, *v, out);
}

static bool add_hmac(enum crypto_hash hash, const struct slice *v, struct buf *out)
{
    unsigned char sum[CRYPTO_HASH_MOST];

    buf_add(out, sum, crypto_hmac(hash, v[0], v[1], sum));
    return true;
}

static bool hmac_sha1(const struct slice *v, struct buf *out)
{
    return add_hmac(CRYPTO_SHA1, v, out);
}

static bool hmac_sha256(const struct slice *v, struct buf *out)
{
    return add_hmac(CRYPTO_SHA256, v, out);
}

/* --- numbers and chance --- */

static bool read_ends(const struct slice *v, int64_t *from, int64_t *to)
{
    int64_t other;

    if (!num_parse_u63(v[0], from) || !num_parse_u63(v[1], to))
        return false;
    if (*from > *to) {
        other = *from;
        *from = *to;
        *to = other;
    }
    return true;
}

static bool random_number(const struct slice *v, struct buf *out)
{
    int64_t from, to;

    if (!read_ends(v, &from, &to))
        return false;
    buf_add_int(out, from + (int64_t)(rand_u64() % ((uint64_t)(to - from) + 1)));
    return true;
}

/* The variable's own value, where it has a number, and the ends. */
static bool rotate(const struct slice *v, struct buf *out)
{
    int64_t at, from, to;

    if (!read_ends(v + 1, &from, &to))
        return false;
    if (!num_parse_u63(v[0], &at))
        at = to;
    buf_add_int(out, at < from || at >= to ? from : at + 1);
    return true;
}

static bool add_random_text(struct slice length, const char *alphabet, struct buf *out)
{
    size_t size = strlen(alphabet);
    int64_t n;

    if (!num_parse_u63(length, &n) || n < 1 || n > RANDOM_TEXT_MOST)
        return false;
    for (; n > 0; n--)
        buf_add_char(out, alphabet[rand_u64() % size]);
    return true;
}

static bool random_alphanum(const struct slice *v, struct buf *out)
{
    return add_random_text(*v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                           out);
}

static bool random_lcalpha(const struct slice *v, struct buf *out)
{
    return add_random_text(*v, "abcdefghijklmnopqrstuvwxyz", out);
}

/* --- time --- */

static bool add_time(const char *format, bool is_local, struct buf *out)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    char *p = buf_reserve(out, TIME_MOST);

    if (is_local)
        localtime_r(&now, &tm);
    else
        gmtime_r(&now, &tm);
    out->n += strftime(p, TIME_MOST, format, &tm);
    return true;
}

static bool add_formatted(struct slice format, bool is_local, struct buf *out)
{
    char text[TIME_MOST];

    if (format.n >= sizeof(text) || memchr(format.p, '\0', format.n))
        return false;
    memcpy(text, format.p, format.n);
    text[format.n] = '\0';
    return add_time(text, is_local, out);
}

static bool gmt_time(const struct slice *v, struct buf *out)
{
    return add_formatted(*v, false, out);
}

static bool local_time(const struct slice *v, struct buf *out)
{
    return add_formatted(*v, true, out);
}

static bool local_today(const struct slice *v, struct buf *out)
{
    UNUSED(v);
    return add_time("%Y-%m-%d", true, out);
}

/* --- the list --- */

#define VALUE(name, make, about)                                                                   \
    {                                                                                              \
        name, SET_MISC_VALUE, 1, make, name " $variable [value];", about                           \
    }

const struct set_misc set_misc_table[] = {
    VALUE("set_escape_uri", escape_uri, "Sets a variable to a text, percent-encoded."),
    VALUE("set_unescape_uri", unescape_uri,
          "Sets a variable to a text, percent-decoded; `+` is a space."),
    VALUE("set_quote_sql_str", quote_sql, "Sets a variable to a text as a literal of MySQL."),
    VALUE("set_quote_pgsql_str", quote_pgsql,
          "Sets a variable to a text as a literal of PostgreSQL (`E'…'`)."),
    VALUE("set_quote_json_str", quote_json,
          "Sets a variable to a text as a string of JSON; an empty one is `null`."),
    VALUE("set_encode_base64", to_base64, "Sets a variable to a text in base64."),
    VALUE("set_decode_base64", from_base64,
          "Sets a variable to the text that base64 stands for; 500, if it is none."),
    VALUE("set_encode_base64url", to_base64url,
          "Sets a variable to a text in base64url, without padding."),
    VALUE("set_decode_base64url", from_base64url,
          "Sets a variable to the text that base64url stands for; 500, if it is none."),
    VALUE("set_encode_base32", to_base32,
          "Sets a variable to a text in base32hex (RFC 4648), in small letters."),
    VALUE("set_decode_base32", from_base32,
          "Sets a variable to the text that base32hex stands for; 500, if it is none."),
    VALUE("set_encode_hex", to_hex, "Sets a variable to a text in hexadecimal digits."),
    VALUE("set_decode_hex", from_hex,
          "Sets a variable to the text that hexadecimal digits stand for; 500, if they are none."),
    VALUE("set_md5", md5, "Sets a variable to the MD5 of a text, in hexadecimal digits."),
    VALUE("set_sha1", sha1, "Sets a variable to the SHA-1 of a text, in hexadecimal digits."),
    VALUE("set_secure_random_alphanum", random_alphanum,
          "Sets a variable to so many random letters and digits, 1 to 64."),
    VALUE("set_secure_random_lcalpha", random_lcalpha,
          "Sets a variable to so many random small letters, 1 to 64."),
    {"set_hmac_sha1", SET_MISC_MANY, 2, hmac_sha1, "set_hmac_sha1 $variable secret value;",
     "Sets a variable to the HMAC of a text, as bytes."},
    {"set_hmac_sha256", SET_MISC_MANY, 2, hmac_sha256, "set_hmac_sha256 $variable secret value;",
     "The same with SHA-256."},
    {"set_random", SET_MISC_MANY, 2, random_number, "set_random $variable from to;",
     "Sets a variable to a random number, the ends included."},
    {"set_rotate", SET_MISC_OWN, 3, rotate, "set_rotate $variable from to;",
     "Sets a variable to the number after its own, and to the first one after the last."},
    {"set_formatted_gmt_time", SET_MISC_MANY, 1, gmt_time,
     "set_formatted_gmt_time $variable format;",
     "Sets a variable to the time (UTC) in a format of strftime(3)."},
    {"set_formatted_local_time", SET_MISC_MANY, 1, local_time,
     "set_formatted_local_time $variable format;", "The same by the local clock."},
    {"set_local_today", SET_MISC_MANY, 0, local_today, "set_local_today $variable;",
     "Sets a variable to the local date, as `2026-01-31`."},
    {.name = NULL},
};

const struct set_misc *set_misc_find(struct slice name)
{
    for (const struct set_misc *m = set_misc_table; m->name; m++)
        if (slice_eq(name, slice_str(m->name)))
            return m;
    return NULL;
}
