/* A request object is {handle} with an __index of ours. To add a field: a line in `fields` and a
 * case in push_field, or a getter in lua/perilune/http/request.lua for what is better made in Lua.
 *
 * These are C functions and not FFI calls: a handler uses each of them about once, where the
 * interpreter calls a C function in a third of the time that an FFI call takes. */
#include "app/lua/lib_request.h"

#include <lauxlib.h>

#include "app/lua/lua_answer.h"
#include "app/variables/script.h"
#include "base/encode.h"
#include "bind/arg.h"
#include "bind/lerr.h"
#include "net/addr.h"
#include "proto/url.h"

enum { ARGS_MOST = 1000, DECODED_GUESS = 256 };

enum field {
    FIELD_NONE,
    FIELD_METHOD,
    FIELD_URI,
    FIELD_PATH,
    FIELD_QUERY_STRING,
    FIELD_QUERY,
    FIELD_TARGET,
    FIELD_HOST,
    FIELD_PROTOCOL,
    FIELD_SCHEME,
    FIELD_REMOTE_ADDR,
    FIELD_REMOTE_PORT,
    FIELD_SERVER_NAME,
    FIELD_SERVER_PORT,
    FIELD_ID,
    FIELD_TIME,
    FIELD_CONTENT_LENGTH,
    FIELD_KEEP_ALIVE,
    FIELD_COOKIES,
};

static const char *const names[] = {
    [FIELD_METHOD] = "method",
    [FIELD_URI] = "uri",
    [FIELD_PATH] = "path",
    [FIELD_QUERY_STRING] = "query_string",
    [FIELD_QUERY] = "query",
    [FIELD_TARGET] = "target",
    [FIELD_HOST] = "host",
    [FIELD_PROTOCOL] = "protocol",
    [FIELD_SCHEME] = "scheme",
    [FIELD_REMOTE_ADDR] = "remote_addr",
    [FIELD_REMOTE_PORT] = "remote_port",
    [FIELD_SERVER_NAME] = "server_name",
    [FIELD_SERVER_PORT] = "server_port",
    [FIELD_ID] = "id",
    [FIELD_TIME] = "time",
    [FIELD_CONTENT_LENGTH] = "content_length",
    [FIELD_KEEP_ALIVE] = "keep_alive",
    [FIELD_COOKIES] = "cookies",
};

static void push_slice(lua_State *L, struct slice s)
{
    if (s.p)
        lua_pushlstring(L, s.p, s.n);
    else
        lua_pushnil(L);
}

static void push_variable(lua_State *L, struct visit *v, struct slice name)
{
    const struct variable *var = variable_find_at_run(v, name);

    push_slice(L, var ? var->get(v, var) : (struct slice){NULL, 0});
}

static void push_decoded(lua_State *L, struct slice raw)
{
    char guess[DECODED_GUESS], *room = guess;
    bool is_well_formed;

    if (!memchr(raw.p, '%', raw.n) && !memchr(raw.p, '+', raw.n)) {
        lua_pushlstring(L, raw.p, raw.n);
        return;
    }
    if (raw.n > sizeof(guess))
        room = lua_newuserdata(L, raw.n);
    lua_pushlstring(L, room, (size_t)(encode_unpercent(room, raw, true, &is_well_formed) - room));
    if (room != guess)
        lua_remove(L, -2);
}

/* How many there may be, so that their table is made once in its size. */
static int count_pairs(struct slice text, char separator, int most)
{
    int n = 1;

    for (size_t i = 0; i < text.n && n < most; i++)
        n += text.p[i] == separator;
    return n;
}

static void push_args(lua_State *L, struct slice text, int most)
{
    struct slice name, value;
    bool has_value;

    lua_createtable(L, 0, text.n ? count_pairs(text, '&', most) : 0);
    for (int i = 0; i < most && text.p && url_next_arg(&text, &name, &value, &has_value); i++) {
        push_decoded(L, name);
        if (has_value)
            push_decoded(L, value);
        else
            lua_pushboolean(L, 1);
        lua_rawset(L, -3);
    }
}

/* parse_args(text, most or nil) → name → value; a name without `=` is true; the last of a repeated
 * name wins */
static int l_parse_args(lua_State *L)
{
    struct slice text = arg_slice(L, 1);

    push_args(L, text, (int)luaL_optinteger(L, 2, ARGS_MOST));
    return 1;
}

/* One Cookie field (RFC 6265 section 5.4): the first of a repeated name stays, as the more specific
 * path comes first. */
static void add_cookies(lua_State *L, struct slice text)
{
    while (text.p) {
        struct slice value = slice_trim(slice_cut(&text, ';'));
        struct slice name = slice_cut(&value, '=');

        if (!value.p || name.n == 0)
            continue;
        name = slice_trim(name);
        value = slice_trim(value);
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = slice_of(value.p + 1, value.n - 2);
        lua_pushlstring(L, name.p, name.n);
        lua_pushvalue(L, -1);
        lua_rawget(L, -3);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_pushlstring(L, value.p, value.n);
            lua_rawset(L, -3);
        } else {
            lua_pop(L, 2);
        }
    }
}

static void push_cookies(lua_State *L, const struct request *r)
{
    const struct header *first = header_find_id(&r->headers, HEADER_COOKIE);

    lua_createtable(L, 0, first ? count_pairs(first->value, ';', ARGS_MOST) : 0);
    for (const struct header *h = first; h && h < r->headers.fields + r->headers.n; h++)
        if (h->id == HEADER_COOKIE)
            add_cookies(L, h->value);
}

static void push_path_of_target(lua_State *L, const struct request *r)
{
    struct slice rest = r->uri;

    push_slice(L, slice_cut(&rest, '?'));
}

static void push_number_field(lua_State *L, struct visit *v, enum field f)
{
    const struct exchange *x = v->x;
    const struct addr *local;

    switch (f) {
    case FIELD_REMOTE_PORT:
        lua_pushinteger(L, x->peer ? addr_port(x->peer) : 0);
        return;
    case FIELD_SERVER_PORT:
        local = exchange_local(v->x);
        lua_pushinteger(L, local ? addr_port(local) : 0);
        return;
    case FIELD_TIME:
        lua_pushnumber(L, (double)x->start_wall_ms / 1000);
        return;
    case FIELD_CONTENT_LENGTH:
        if (x->req.content_length >= 0)
            lua_pushnumber(L, (double)x->req.content_length);
        else
            lua_pushnil(L);
        return;
    default:
        lua_pushboolean(L, x->keep_alive);
    }
}

static void push_field(lua_State *L, struct visit *v, enum field f)
{
    const struct request *r = &v->x->req;

    switch (f) {
    case FIELD_METHOD:
        push_slice(L, r->method_token);
        return;
    case FIELD_URI:
        push_path_of_target(L, r);
        return;
    case FIELD_PATH:
        push_slice(L, r->path);
        return;
    case FIELD_QUERY_STRING:
        push_slice(L, r->query);
        return;
    case FIELD_QUERY:
        push_args(L, r->query, ARGS_MOST);
        return;
    case FIELD_TARGET:
        push_slice(L, r->target);
        return;
    case FIELD_HOST:
        push_slice(L, r->host);
        return;
    case FIELD_PROTOCOL:
        push_variable(L, v, SLICE("server_protocol"));
        return;
    case FIELD_SCHEME:
        push_slice(L, r->is_tls ? SLICE("https") : SLICE("http"));
        return;
    case FIELD_REMOTE_ADDR:
        push_variable(L, v, SLICE("remote_addr"));
        return;
    case FIELD_SERVER_NAME:
        push_variable(L, v, SLICE("server_name"));
        return;
    case FIELD_ID:
        push_variable(L, v, SLICE("request_id"));
        return;
    case FIELD_COOKIES:
        push_cookies(L, r);
        return;
    default:
        push_number_field(L, v, f);
    }
}

static struct visit *check_visit(lua_State *L)
{
    struct visit *v = lua_answer_visit(L, 1);

    if (!v) {
        lerr_push(L, &err_closed, "the request is over");
        lua_error(L);
    }
    return v;
}

/* __index of request objects: upvalue 1 maps names to field numbers, to getters of Lua, or to
 * methods in {method}. What is read is kept in the object. */
static int l_request_index(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    switch (lua_type(L, 3)) {
    case LUA_TNUMBER:
        push_field(L, check_visit(L), (enum field)lua_tointeger(L, 3));
        break;
    case LUA_TFUNCTION:
        lua_pushvalue(L, 1);
        lua_call(L, 1, 1);
        break;
    case LUA_TTABLE:
        lua_rawgeti(L, 3, 1);
        return 1;
    default:
        return 0;
    }
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

/* request_index(getters) → the __index function; `getters` is completed with the fields made here
 */
static int l_make_request_index(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    for (unsigned i = 1; i < ARRAY_LEN(names); i++) {
        lua_pushinteger(L, (lua_Integer)i);
        lua_setfield(L, 1, names[i]);
    }
    lua_pushcclosure(L, l_request_index, 1);
    return 1;
}

static void push_joined(lua_State *L, const struct header_list *l, const struct header *first)
{
    bool is_cookie = first->id == HEADER_COOKIE;
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    luaL_addlstring(&b, first->value.p, first->value.n);
    for (const struct header *h = first + 1; h < l->fields + l->n; h++) {
        if (!slice_ieq(h->name, first->name))
            continue;
        luaL_addstring(&b, is_cookie ? "; " : ", ");
        luaL_addlstring(&b, h->value.p, h->value.n);
    }
    luaL_pushresult(&b);
}

/* header(req, name) → value, repeats joined; nil */
static int l_header(lua_State *L)
{
    const struct header_list *l = &check_visit(L)->x->req.headers;
    const struct header *h;
    struct slice name = arg_slice(L, 2);

    h = header_find(l, name);
    if (!h)
        return 0;
    for (const struct header *other = h + 1; other < l->fields + l->n; other++)
        if (other->id == h->id && slice_ieq(other->name, name)) {
            push_joined(L, l, h);
            return 1;
        }
    lua_pushlstring(L, h->value.p, h->value.n);
    return 1;
}

/* header_fields(req) → array of {name, value} in order */
static int l_header_fields(lua_State *L)
{
    const struct header_list *l = &check_visit(L)->x->req.headers;

    lua_createtable(L, (int)l->n, 0);
    for (unsigned i = 0; i < l->n; i++) {
        lua_createtable(L, 2, 0);
        push_slice(L, l->fields[i].name);
        lua_rawseti(L, -2, 1);
        push_slice(L, l->fields[i].value);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

void lib_request_register(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"request_index", l_make_request_index},
        {"header", l_header},
        {"header_fields", l_header_fields},
        {"parse_args", l_parse_args},
        {NULL, NULL},
    };

    luaL_register(L, NULL, functions);
}
