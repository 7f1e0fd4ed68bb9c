/* Only a function inside of another can be written without arguments, and in tracebacks it would be
 * a function of the first line. So the chunk is dumped, the mark "any number of arguments" is taken
 * off its prototype, and it is loaded again: a main chunk still. A dump is the head of a file, then
 * each prototype with its length before it, the chunk's own the last, then a length of 0. */
#include "app/lua/lua_chunk.h"

#include <lauxlib.h>

#include "base/buf.h"

enum { HEAD = 4, IS_STRIPPED = 0x02, IS_VARARG = 0x02 };

static int append(lua_State *L, const void *p, size_t n, void *to)
{
    UNUSED(L);
    buf_add(to, p, n);
    return 0;
}

/* A number of seven bits a byte, the lowest first. */
static size_t take_number(struct slice *s)
{
    size_t n = 0;

    for (unsigned shift = 0; s->n > 0 && shift < 35; shift += 7) {
        unsigned char c = (unsigned char)s->p[0];

        *s = slice_from(*s, 1);
        n |= (size_t)(c & 0x7f) << shift;
        if (c < 0x80)
            break;
    }
    return n;
}

/* Where the flags of the last prototype are, or 0. */
static size_t find_flags(struct slice dump)
{
    struct slice s = slice_from(dump, MIN(dump.n, (size_t)HEAD));
    size_t at = 0, n;

    if (!slice_has_prefix(dump, SLICE("\033LJ")) || take_number(&s) & IS_STRIPPED)
        return 0;
    n = take_number(&s);
    s = slice_from(s, MIN(n, s.n));
    while ((n = take_number(&s)) > 0 && n <= s.n) {
        at = dump.n - s.n;
        s = slice_from(s, n);
    }
    return n == 0 && s.n == 0 ? at : 0;
}

/* Text that is compiled inside of a function without arguments uses none. */
static bool uses_arguments(lua_State *L, struct slice text)
{
    struct buf inside = BUF_EMPTY;
    bool is_refused;

    buf_add_lit(&inside, "return function() ");
    buf_add_slice(&inside, text);
    buf_add_lit(&inside, "\nend");
    is_refused = luaL_loadbuffer(L, inside.p, inside.n, "=arguments") != 0;
    lua_pop(L, 1);
    buf_free(&inside);
    return is_refused;
}

void lua_chunk_fix_arguments(lua_State *L, struct slice text)
{
    struct buf dump = BUF_EMPTY;
    size_t at;

    if (uses_arguments(L, text))
        return;
    lua_dump(L, append, &dump);
    at = find_flags(buf_slice(&dump));
    if (at > 0) {
        dump.p[at] &= (char)~IS_VARARG;
        if (luaL_loadbuffer(L, dump.p, dump.n, "=chunk") == 0)
            lua_replace(L, -2);
        else
            lua_pop(L, 1);
    }
    buf_free(&dump);
}
