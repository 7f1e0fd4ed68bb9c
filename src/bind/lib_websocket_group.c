/* Groups of connections that get the same messages. A message is encoded once for all members, and
 * compressed once for those that compress without a window of their own; only members that carry
 * one over get it encoded for themselves.
 *
 * A member is a row in its group's array; it is looked at when a message goes out, and rows whose
 * connection is over are dropped then. So nothing has to be undone when a connection ends. */
#include "bind/lib_websocket_group.h"

#include <lauxlib.h>

#include "base/mem.h"
#include "bind/handle.h"
#include "bind/lib_websocket.h"

#define TYPE "perilune.websocket.group"

struct group {
    int members_ref; /* array of values, in Lua: it keeps them alive */
    void **rows;     /* their addresses, in the same order */
    unsigned n, size;
    size_t limit; /* queued bytes above which a member misses messages */
};

/* One message on its way to all. */
struct post {
    enum ws_opcode opcode;
    struct slice data;
    struct buf plain, packed; /* frames, made when the first member wants them */
    struct ws_deflate_params packed_for;
};

static struct group *check_group(lua_State *L, int arg)
{
    return luaL_checkudata(L, arg, TYPE);
}

/* group(limit) → a group without members */
static int l_group(lua_State *L)
{
    size_t limit = (size_t)luaL_checknumber(L, 1);
    struct group *g = lua_newuserdata(L, sizeof *g);

    *g = (struct group){.limit = limit, .members_ref = LUA_NOREF};
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    lua_newtable(L);
    g->members_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 1;
}

static int l_gc(lua_State *L)
{
    struct group *g = check_group(L, 1);

    luaL_unref(L, LUA_REGISTRYINDEX, g->members_ref);
    g->members_ref = LUA_NOREF;
    mem_free(g->rows);
    g->rows = NULL;
    g->n = g->size = 0;
    return 0;
}

/* Puts the last member into row `i`; the array of members is on top of the stack. */
static void drop(lua_State *L, struct group *g, unsigned i)
{
    lua_rawgeti(L, -1, (int)g->n);
    lua_rawseti(L, -2, (int)i);
    lua_pushnil(L);
    lua_rawseti(L, -2, (int)g->n);
    g->rows[i - 1] = g->rows[g->n - 1];
    g->n--;
}

/* Drops the members that are over; the array is on top of the stack. */
static void sweep(lua_State *L, struct group *g)
{
    for (unsigned i = g->n; i > 0; i--) {
        const struct ws_conn *c = lib_websocket_of(g->rows[i - 1]);

        if (!c || c->state != WS_OPEN)
            drop(L, g, i);
    }
}

/* join(group, ws): the caller has made sure that it is no member. */
static int l_join(lua_State *L)
{
    struct group *g = check_group(L, 1);

    (void)lib_websocket_check(L, 2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, g->members_ref);
    if ((g->n & (g->n - 1)) == 0) /* each time it has doubled, so that the dead do not pile up */
        sweep(L, g);
    if (g->n == g->size) {
        g->size = MAX(g->size * 2, 8U);
        g->rows = mem_realloc(g->rows, g->size * sizeof *g->rows);
    }
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, (int)g->n + 1);
    g->rows[g->n++] = lua_touserdata(L, 2);
    return 0;
}

/* leave(group, ws) → was it a member? */
static int l_leave(lua_State *L)
{
    struct group *g = check_group(L, 1);
    bool was = false;

    (void)lib_websocket_check(L, 2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, g->members_ref);
    for (unsigned i = g->n; i > 0 && !was; i--) {
        was = g->rows[i - 1] == lua_touserdata(L, 2);
        if (was)
            drop(L, g, i);
    }
    lua_pushboolean(L, was);
    return 1;
}

static void add_frame(struct buf *out, enum ws_opcode opcode, bool is_deflated, struct slice data)
{
    uint8_t head[WS_HEAD_MOST];

    buf_add(out, head, ws_frame_head(head, opcode, is_deflated, data.n, NULL));
    buf_add_slice(out, data);
}

static bool is_same(const struct ws_deflate_params *a, const struct ws_deflate_params *b)
{
    return a->out_bits == b->out_bits && a->level == b->level && a->memory_level == b->memory_level;
}

static void send_packed(struct ws_conn *c, struct post *p)
{
    if (p->packed.n == 0) {
        struct ws_deflate *d = ws_deflate_new(&c->options->deflate);
        struct buf body = BUF_EMPTY;

        ws_deflate_message(d, p->data, &body);
        add_frame(&p->packed, p->opcode, true, buf_slice(&body));
        p->packed_for = c->options->deflate;
        buf_free(&body);
        ws_deflate_free(&d);
    }
    if (is_same(&p->packed_for, &c->options->deflate))
        (void)ws_conn_send_encoded(c, buf_slice(&p->packed));
    else
        (void)ws_conn_send(c, p->opcode, p->data);
}

static void send_to(struct ws_conn *c, struct post *p)
{
    bool is_packed = c->deflate && p->data.n >= c->options->deflate_least;

    if (c->options->is_client || (is_packed && !c->options->deflate.out_no_takeover)) {
        (void)ws_conn_send(c, p->opcode, p->data);
    } else if (is_packed) {
        send_packed(c, p);
    } else {
        if (p->plain.n == 0)
            add_frame(&p->plain, p->opcode, false, p->data);
        (void)ws_conn_send_encoded(c, buf_slice(&p->plain));
    }
}

/* broadcast(group, message, is_binary, except or nil) → members that got it, members that missed it
 */
static int l_broadcast(lua_State *L)
{
    struct group *g = check_group(L, 1);
    struct post p = {.opcode = lua_toboolean(L, 3) ? WS_BINARY : WS_TEXT,
                     .data = lib_websocket_message(L, 2)};
    const struct ws_conn *except = lua_isnoneornil(L, 4) ? NULL : lib_websocket_check(L, 4);
    unsigned sent = 0, missed = 0;

    if (p.opcode == WS_TEXT)
        lib_websocket_text(L, p.data);
    lua_rawgeti(L, LUA_REGISTRYINDEX, g->members_ref);
    for (unsigned i = g->n; i > 0; i--) {
        struct ws_conn *c = lib_websocket_of(g->rows[i - 1]);

        if (!c || c->state != WS_OPEN) {
            drop(L, g, i);
        } else if (c == except) {
            continue;
        } else if (c->out.bytes > g->limit || lib_websocket_is_sending(g->rows[i - 1])) {
            missed++;
        } else {
            send_to(c, &p);
            sent++;
        }
    }
    buf_free(&p.plain);
    buf_free(&p.packed);
    lua_pushinteger(L, (lua_Integer)sent);
    lua_pushinteger(L, (lua_Integer)missed);
    return 2;
}

/* size(group) → members that are open */
static int l_size(lua_State *L)
{
    struct group *g = check_group(L, 1);

    lua_rawgeti(L, LUA_REGISTRYINDEX, g->members_ref);
    sweep(L, g);
    lua_pushinteger(L, (lua_Integer)g->n);
    return 1;
}

int lib_websocket_group(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"group", l_group},         {"join", l_join}, {"leave", l_leave},
        {"broadcast", l_broadcast}, {"size", l_size}, {NULL, NULL},
    };

    handle_type(L, TYPE, "websocket group", l_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
