/* To walk a table by Lua's C interface takes some hundred instructions a value: each key, each
 * type, each string is asked for with a call of its own. LuaJIT's serializer walks the table
 * itself, and what it writes is read here in one go:
 *
 *     0 nil, 1 false, 2 true, 3 null, 6 an int of 4 bytes, 7 a double
 *     8 an empty table; 9 U pairs of key and value; 12 U one more than the values of a list
 *     from 32 on: a string of that many bytes less 32
 *
 * U, and the tag of a string, is one byte, two from 0xe0 on, four behind 0xff. Everything else, as
 * lists with holes, tables with keys of both kinds and FFI's numbers, is left to lib_json, and so
 * is a version of LuaJIT that writes something else: json.lua tries with a sample. Nothing is read
 * behind the end. */
#include "bind/ffi_json.h"

#include <string.h>

#include "bind/json_text.h"

enum tag {
    TAG_FALSE = 1,
    TAG_TRUE,
    TAG_NULL,
    TAG_INT = 6,
    TAG_NUMBER,
    TAG_EMPTY,
    TAG_OBJECT,
    TAG_LIST = 12,
    TAG_STRING = 32,
};

enum { U_TWO = 0xe0, U_FOUR = 0xff, DEPTH_MOST = 100, TEXT_KEPT = 1 << 20 };

struct reader {
    const uint8_t *p, *end;
    struct buf *out;
};

static bool write_value(struct reader *r, int depth);

static bool read_bytes(struct reader *r, void *to, size_t n)
{
    if ((size_t)(r->end - r->p) < n)
        return false;
    memcpy(to, r->p, n);
    r->p += n;
    return true;
}

/* The numbers of two and of four bytes. */
static bool read_large(struct reader *r, uint32_t first, uint32_t *out)
{
    uint8_t low;

    if (first == U_FOUR)
        return read_bytes(r, out, sizeof(*out));
    if (!read_bytes(r, &low, 1))
        return false;
    *out = ((first & 0x1f) << 8) + low + U_TWO;
    return true;
}

static inline bool read_u(struct reader *r, uint32_t *out)
{
    if (r->p == r->end)
        return false;
    *out = *r->p++;
    return LIKELY(*out < U_TWO) || read_large(r, *out, out);
}

static inline bool write_string(struct reader *r, uint32_t n, char before, char after)
{
    if ((size_t)(r->end - r->p) < n)
        return false;
    json_text_string((struct slice){(const char *)r->p, n}, r->out, before, after);
    r->p += n;
    return true;
}

static bool write_int(struct reader *r)
{
    int32_t v;

    if (!read_bytes(r, &v, sizeof(v)))
        return false;
    buf_add_int(r->out, v);
    return true;
}

static bool write_number(struct reader *r)
{
    double d;

    return read_bytes(r, &d, sizeof(d)) && !json_text_number(d, r->out);
}

static bool write_object(struct reader *r, int depth)
{
    uint32_t n, key;

    if (!read_u(r, &n))
        return false;
    for (char before = '{'; n; n--, before = ',')
        if (!read_u(r, &key) || key < TAG_STRING ||
            !write_string(r, key - TAG_STRING, before, ':') || !write_value(r, depth))
            return false;
    buf_add_char(r->out, '}');
    return true;
}

static bool write_list(struct reader *r, int depth)
{
    uint32_t n;

    if (!read_u(r, &n) || n < 2)
        return false;
    for (char before = '['; n > 1; n--, before = ',') {
        buf_add_char(r->out, before);
        if (!write_value(r, depth))
            return false;
    }
    buf_add_char(r->out, ']');
    return true;
}

static bool write_value(struct reader *r, int depth)
{
    uint32_t tag;

    if (!read_u(r, &tag) || depth > DEPTH_MOST)
        return false;
    if (tag >= TAG_STRING)
        return write_string(r, tag - TAG_STRING, 0, 0);
    switch ((enum tag)tag) {
    case TAG_FALSE:
        buf_add_lit(r->out, "false");
        return true;
    case TAG_TRUE:
        buf_add_lit(r->out, "true");
        return true;
    case TAG_NULL:
        buf_add_lit(r->out, "null");
        return true;
    case TAG_INT:
        return write_int(r);
    case TAG_NUMBER:
        return write_number(r);
    case TAG_EMPTY:
        buf_add_lit(r->out, "{}");
        return true;
    case TAG_OBJECT:
        return write_object(r, depth + 1);
    case TAG_LIST:
        return write_list(r, depth + 1);
    default:
        return false;
    }
}

const char *ffi_json_rewrite(const char *p, uint32_t n, struct buf *room, uint32_t *n_out)
{
    struct reader r = {(const uint8_t *)p, (const uint8_t *)p + n, room};

    if (room->size > TEXT_KEPT)
        buf_free(room);
    room->n = 0;
    if (!write_value(&r, 0) || r.p != r.end || room->n > UINT32_MAX)
        return NULL;
    *n_out = (uint32_t)room->n;
    return room->p;
}
