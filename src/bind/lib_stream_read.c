/* Operations of the Lua view of a wire that read: by count, by line, to a delimiter, to the end. */
#include <lauxlib.h>
#include <string.h>

#include "bind/arg.h"
#include "bind/lib_stream_io.h"
#include "proto/delimiter.h"

enum { CHUNK = 65536 }; /* what take gives at most */

int lib_stream_answer(lua_State *L, struct lib_stream *ls, enum wire_result r, struct slice data)
{
    if (r == WIRE_DONE) {
        lua_pushlstring(L, data.p, data.n);
        return 1;
    }
    if (r == WIRE_WAIT) {
        if (!wire_has_expired(&ls->wire, IO_READ))
            return lib_stream_wait(L, ls, IO_READ);
        (void)lib_stream_refuse(L, err_timeout.code);
        data = wire_input(&ls->wire);
        wire_consume(&ls->wire, data.n);
    } else {
        (void)lib_stream_fail(L, ls);
    }
    lua_pushlstring(L, data.p, data.n);
    return 3;
}

/* read(s, n) → exactly n bytes */
static int l_read(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;

    if (!ls)
        return 2;
    return lib_stream_answer(L, ls, wire_take(&ls->wire, lib_stream_check_size(L, 2, 0), &data),
                             data);
}

/* read_some(s, most) → what is there, at most that many bytes */
static int l_read_some(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;

    if (!ls)
        return 2;
    return lib_stream_answer(
        L, ls, wire_take_some(&ls->wire, lib_stream_check_size(L, 2, 1), &data), data);
}

/* What is there, for take. */
static int take(lua_State *L, void *what)
{
    struct lib_stream *ls = what;
    struct slice data = SLICE_EMPTY;
    enum wire_result r;

    if (!ls)
        return lib_stream_refuse(L, err_closed.code);
    if (!ls->wire.stream)
        return lib_stream_fail(L, ls);
    r = wire_take_some(&ls->wire, CHUNK, &data);
    if (r == WIRE_WAIT && !wire_has_expired(&ls->wire, IO_READ)) {
        lib_stream_start_wait(L, ls, IO_READ);
        return CO_WAIT_ON;
    }
    if (r == WIRE_WAIT)
        return lib_stream_refuse(L, err_timeout.code);
    return lib_stream_answer(L, ls, r, data);
}

/* take(s) → what is there, once there is something; nil and a code; nil, the wait token and an
 * error to be raised when the task was cancelled. It waits by itself */
static int l_take(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    int n;

    if (!ls)
        return 2;
    n = take(L, ls);
    return n == CO_WAIT_ON ? co_wait_for(L, take, ls) : n;
}

/* Pushes `s` without the CRs in it. */
static int push_without_cr(lua_State *L, struct slice s)
{
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\r')
            luaL_addchar(&b, s.p[i]);
    luaL_pushresult(&b);
    return 1;
}

/* read_line(s[, drops_cr]) → a line without its end, LF or CR LF; drops_cr: without any CR */
static int l_read_line(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;
    enum wire_result r;

    if (!ls)
        return 2;
    r = wire_take_line(&ls->wire, &data);
    if (r == WIRE_DONE && data.n && data.p[data.n - 1] == '\r')
        data.n--;
    if (r == WIRE_DONE && lua_toboolean(L, 2) && memchr(data.p, '\r', data.n))
        return push_without_cr(L, data);
    return lib_stream_answer(L, ls, r, data);
}

/* read_all(s) → everything until the peer ends its side */
static int l_read_all(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;

    if (!ls)
        return 2;
    return lib_stream_answer(L, ls, wire_take_all(&ls->wire, &data), data);
}

/* A search for a delimiter, which may go on over several calls. Places are counted from the start
 * of the stream. */
struct search {
    uint64_t base;    /* where the input begins, as far as the search knows */
    uint64_t scanned; /* seen up to here */
    uint64_t found;   /* the delimiter ends here; 0: not found yet */
    uint32_t matched;
    bool is_inclusive;
    bool is_over; /* the last piece before a delimiter was handed out: the next call says so */
    struct delimiter *delimiter;
};

/* scanner(pattern, inclusive) → for read_until */
static int l_scanner(lua_State *L)
{
    bool is_inclusive = lua_toboolean(L, 2);
    struct slice pattern = arg_slice(L, 1);
    struct search *s;

    luaL_argcheck(L, pattern.n > 0 && pattern.n < WIRE_INPUT_MOST, 1,
                  "pattern is empty or too long");
    s = lua_newuserdata(L, sizeof(*s) + delimiter_size(pattern.n));
    *s = (struct search){.is_inclusive = is_inclusive};
    s->delimiter = delimiter_init(s + 1, pattern);
    luaL_getmetatable(L, "perilune.scanner");
    lua_setmetatable(L, -2);
    return 1;
}

/* Whoever has read without the search has made it begin anew. */
static void align(struct search *s, const struct wire *w)
{
    if (s->base == w->taken)
        return;
    s->base = s->scanned = w->taken;
    s->found = 0;
    s->matched = 0;
}

/* Looks at what has not been looked at. True: found, or `size` bytes are known to come before it.
 */
static bool look(struct search *s, const struct wire *w, size_t size)
{
    struct slice rest = slice_from(wire_input(w), (size_t)(s->scanned - s->base));
    size_t used;

    if (!s->found) {
        bool is_found = delimiter_find(s->delimiter, rest, &s->matched, &used);

        s->scanned += used;
        if (is_found)
            s->found = s->scanned;
    }
    return s->found || (size && s->scanned - s->matched - s->base >= size);
}

/* Takes the piece that look has found. */
static struct slice take_piece(struct search *s, struct wire *w, size_t size)
{
    size_t n = size, all = size;

    if (s->found && (!size || s->found - s->delimiter->n - s->base < size)) {
        all = (size_t)(s->found - s->base);
        n = all - (s->is_inclusive ? 0 : s->delimiter->n);
        s->is_over = size > 0;
        s->found = 0;
    }
    s->base += all;
    wire_consume(w, all);
    return slice_of(w->in - all, n);
}

/* read_until(s, scanner[, size]) → what comes before the delimiter; with a size: a piece of it, nil
 * (without an error) after the last one */
static int l_read_until(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct search *s;
    size_t size = lua_isnoneornil(L, 3) ? 0 : lib_stream_check_size(L, 3, 0);
    enum wire_result r = WIRE_DONE;
    struct slice data = SLICE_EMPTY;

    if (!ls)
        return 2;
    s = luaL_checkudata(L, 2, "perilune.scanner");
    align(s, &ls->wire);
    if (s->is_over) {
        s->is_over = false;
        return 0;
    }
    while (r == WIRE_DONE && !look(s, &ls->wire, size))
        r = wire_fill(&ls->wire, 0);
    if (r == WIRE_DONE) {
        data = take_piece(s, &ls->wire, size);
    } else if (r != WIRE_WAIT) {
        data = wire_input(&ls->wire);
        wire_consume(&ls->wire, data.n);
    }
    return lib_stream_answer(L, ls, r, data);
}

void lib_stream_read_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"read", l_read},
        {"read_some", l_read_some},
        {"take", l_take},
        {"read_line", l_read_line},
        {"read_all", l_read_all},
        {"scanner", l_scanner},
        {"read_until", l_read_until},
        {NULL, NULL},
    };

    luaL_newmetatable(L, "perilune.scanner");
    lua_pop(L, 1);
    luaL_register(L, NULL, functions);
}
