/* The Lua view of a WebSocket connection. A value owns its ws_conn until it is closed or collected.
 *
 * What may wait tries first and answers the wait token otherwise; the Lua code yields it and calls
 * again, as with byte streams (bind/lib_stream). Events that Lua did not ask for (a pong, the end)
 * go to one function, set by `watch` when somebody cares, so a connection that nobody watches costs
 * no closure.
 *
 * To add an operation: a function that begins with `lib_websocket_check`, and its row
 * in `functions`. */
#include "bind/lib_websocket.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/arg.h"
#include "bind/co.h"
#include "bind/handle.h"
#include "bind/opts.h"
#include "bind/vm.h"
#include "bind/ws_consumer.h"

#define TYPE      "perilune.websocket"

#define TEXT_RULE "a text message must be UTF-8; anything else is sent as a binary one"

enum { NOBODY = -1 };

struct value {
    struct ws_conn *c; /* NULL: given up */
    struct utf8 text;  /* of the pieces that were sent */
    uint8_t sending; /* opcode of the message that is being sent in pieces; WS_CONTINUATION: none */
    double reader, writer, closer; /* tickets of who waits, NOBODY */
    struct ws_consumer consumer;
    struct handle_call watcher; /* what its function gets first, and the function */
};

static void wake(double *waiter)
{
    co_wake_ticket(*waiter);
    *waiter = NOBODY;
}

static int wait_as(lua_State *L, double *waiter)
{
    struct co *co = co_current();

    if (!co)
        return luaL_error(L, "a WebSocket cannot be waited for outside of a task");
    *waiter = co_ticket(co, co_begin_wait(co));
    lua_pushlightuserdata(L, co_wait_token());
    return 1;
}

/* --- events --- */

static void tell(struct value *v, const char *event, struct slice payload)
{
    lua_State *L = vm_main();

    if (v->watcher.fn == LUA_NOREF)
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, v->watcher.fn);
    lua_rawgeti(L, LUA_REGISTRYINDEX, v->watcher.self);
    lua_pushstring(L, event);
    lua_pushlstring(L, payload.p, payload.n);
    (void)vm_call(3, 0, "websocket event");
}

static void on_message(struct ws_conn *c)
{
    struct value *v = c->user;

    if (ws_consumer_is_on(&v->consumer))
        ws_consumer_run(&v->consumer);
    else
        wake(&v->reader);
}

static void on_pong(struct ws_conn *c, struct slice payload)
{
    tell(c->user, "pong", payload);
}

static void on_drained(struct ws_conn *c)
{
    wake(&((struct value *)c->user)->writer);
}

static void on_closed(struct ws_conn *c)
{
    struct value *v = c->user;

    wake(&v->reader);
    wake(&v->writer);
    wake(&v->closer);
    tell(v, "closed", SLICE_EMPTY);
    handle_drop(vm_main(), &v->watcher);
    ws_consumer_run(&v->consumer);
}

static const struct ws_conn_user callbacks = {on_message, on_pong, on_drained, on_closed};

/* --- values --- */

void lib_websocket_push(lua_State *L, struct ws_conn *c)
{
    struct value *v = lua_newuserdata(L, sizeof *v);

    *v = (struct value){.c = c,
                        .reader = NOBODY,
                        .writer = NOBODY,
                        .closer = NOBODY,
                        .watcher = {LUA_NOREF, LUA_NOREF}};
    ws_consumer_init(&v->consumer);
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    c->user = v;
    c->callbacks = &callbacks;
}

static struct value *check_value(lua_State *L, int arg)
{
    return luaL_checkudata(L, arg, TYPE);
}

struct ws_conn *lib_websocket_check(lua_State *L, int arg)
{
    return check_value(L, arg)->c;
}

struct ws_conn *lib_websocket_of(void *value)
{
    return ((struct value *)value)->c;
}

bool lib_websocket_is_sending(const void *value)
{
    return ((const struct value *)value)->sending != WS_CONTINUATION;
}

static int l_gc(lua_State *L)
{
    struct value *v = check_value(L, 1);

    if (v->c)
        ws_conn_release(&v->c);
    handle_drop(L, &v->watcher);
    return 0;
}

/* --- messages --- */

/* take(ws) → message, is_binary, is_last; the wait token; or nil at the end */
static int l_take(lua_State *L)
{
    struct value *v = check_value(L, 1);
    struct ws_taken_message message;

    if (ws_consumer_is_on(&v->consumer))
        return luaL_error(L, "on_message takes the messages of this WebSocket");
    if (!v->c)
        return 0;
    switch (ws_conn_take(v->c, &message)) {
    case WS_TAKEN_MESSAGE:
        lua_pushlstring(L, message.data.p ? message.data.p : "", message.data.n);
        lua_pushboolean(L, message.is_binary);
        lua_pushboolean(L, message.is_last);
        return 3;
    case WS_TAKEN_WAIT:
        return wait_as(L, &v->reader);
    case WS_TAKEN_END:
        break;
    }
    return 0;
}

/* consume(raw, ws, fn): fn(ws, message, is_binary, is_last) is called with each message */
static int l_consume(lua_State *L)
{
    struct value *v = check_value(L, 1);

    luaL_checktype(L, 3, LUA_TFUNCTION);
    if (ws_consumer_is_on(&v->consumer))
        return luaL_error(L, "on_message was called before");
    if (v->c)
        ws_consumer_begin(L, &v->consumer, v->c, 2, 3);
    return 0;
}

/* talk(raw, fn, ws, ...): a task of fn(ws, ...), which closes the connection when it ends */
static int l_talk(lua_State *L)
{
    struct value *v = check_value(L, 1);

    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (ws_consumer_is_on(&v->consumer) || v->consumer.busy)
        return luaL_error(L, "somebody works for this WebSocket already");
    if (v->c)
        ws_consumer_talk(L, &v->consumer, v->c, 1, lua_gettop(L) - 2);
    return 0;
}

/* Raises at whoever called the method that called us. */
static int misuse(lua_State *L, const char *what)
{
    luaL_where(L, 2);
    lua_pushstring(L, what);
    lua_concat(L, 2);
    return lua_error(L);
}

struct slice lib_websocket_message(lua_State *L, int arg)
{
    if (!lua_isstring(L, arg)) {
        lua_pushfstring(L, "a message must be a string, not %s", luaL_typename(L, arg));
        (void)misuse(L, lua_tostring(L, -1));
    }
    return arg_slice_or_empty(L, arg);
}

void lib_websocket_text(lua_State *L, struct slice data)
{
    if (!utf8_is_valid(data))
        (void)misuse(L, TEXT_RULE);
}

/* put(ws, message, is_binary) → true; false: accepted, but wait before the next; nil: closed */
static int l_put(lua_State *L)
{
    struct value *v = check_value(L, 1);
    struct slice data = lib_websocket_message(L, 2);
    bool is_binary = lua_toboolean(L, 3), is_free;

    if (!v->c || v->c->state != WS_OPEN)
        return 0;
    if (v->sending)
        return misuse(L, "the message that is sent in pieces has not ended");
    if (!is_binary)
        lib_websocket_text(L, data);
    is_free = ws_conn_send(v->c, is_binary ? WS_BINARY : WS_TEXT, data);
    lua_pushboolean(L, is_free);
    return 1;
}

/* put_piece(ws, piece, is_last, is_binary) → as put; the first piece says of which kind the message
 * is. Characters may be split between pieces. */
static int l_put_piece(lua_State *L)
{
    struct value *v = check_value(L, 1);
    struct slice data = lib_websocket_message(L, 2);
    bool is_last = lua_toboolean(L, 3), is_free;
    uint8_t opcode = v->sending;
    struct utf8 text = v->text; /* counts once the piece is sent */

    if (!v->c || v->c->state != WS_OPEN)
        return 0;
    if (opcode == WS_CONTINUATION) {
        opcode = lua_toboolean(L, 4) ? WS_BINARY : WS_TEXT;
        text = (struct utf8){0, 0, 0};
    }
    if (opcode == WS_TEXT && (!utf8_read(&text, data) || (is_last && !utf8_is_complete(&text))))
        return misuse(L, TEXT_RULE);
    v->text = text;
    is_free = ws_conn_send_piece(v->c, v->sending ? WS_CONTINUATION : opcode, is_last, data);
    v->sending = is_last ? WS_CONTINUATION : opcode;
    lua_pushboolean(L, is_free);
    return 1;
}

/* wait_drained(ws) → the wait token, or nothing when there is nothing to wait for */
static int l_wait_drained(lua_State *L)
{
    struct value *v = check_value(L, 1);

    if (!v->c || v->c->state != WS_OPEN || !ws_conn_is_congested(v->c))
        return 0;
    return wait_as(L, &v->writer);
}

/* ping(ws, payload), pong(ws, payload) → true, or nothing when it is closed */
static int send_control(lua_State *L, enum ws_opcode opcode)
{
    struct value *v = check_value(L, 1);
    struct slice payload = arg_slice_if_given(L, 2);

    if (payload.n > WS_CONTROL_MOST)
        return misuse(L, "the payload of a ping has at most 125 bytes");
    if (!v->c || v->c->state != WS_OPEN)
        return 0;
    ws_conn_send_control(v->c, opcode, payload);
    lua_pushboolean(L, true);
    return 1;
}

static int l_ping(lua_State *L)
{
    return send_control(L, WS_PING);
}

static int l_pong(lua_State *L)
{
    return send_control(L, WS_PONG);
}

/* --- the end --- */

/* close(ws, code, reason) → true, or nothing when it is closed already */
static int l_close(lua_State *L)
{
    struct value *v = check_value(L, 1);
    lua_Integer code = luaL_optinteger(L, 2, WS_CODE_NORMAL);
    struct slice reason = arg_slice_if_given(L, 3);

    if (code <= 0 || !ws_code_is_sendable((unsigned)code))
        return misuse(L, "the code of a close must be one that may be sent: 1000-1003, 1007-1014, "
                         "3000-4999");
    if (reason.n > WS_CONTROL_MOST - 2 || !utf8_is_valid(reason))
        return misuse(L, "the reason of a close has at most 123 bytes of UTF-8");
    if (!v->c || v->c->state != WS_OPEN)
        return 0;
    ws_conn_close(v->c, (unsigned)code, reason);
    wake(&v->reader);
    wake(&v->writer);
    lua_pushboolean(L, true);
    return 1;
}

/* abort(ws): at once, without a word */
static int l_abort(lua_State *L)
{
    struct value *v = check_value(L, 1);

    if (!v->c || v->c->state == WS_DEAD)
        return 0;
    ws_conn_abort(v->c, &err_cancelled);
    on_closed(v->c);
    return 0;
}

/* wait_closed(ws) → the wait token, or nothing once the closing handshake is over */
static int l_wait_closed(lua_State *L)
{
    struct value *v = check_value(L, 1);

    if (!v->c || v->c->state >= WS_LINGER)
        return 0;
    return wait_as(L, &v->closer);
}

/* state(ws) → "open", "closing" or "closed", the peer's code, its reason or nil, an error's code or
 * nil */
static int l_state(lua_State *L)
{
    struct value *v = check_value(L, 1);
    const struct ws_conn *c = v->c;
    bool has_reason = c && c->reason;

    if (!c || c->state >= WS_LINGER)
        lua_pushliteral(L, "closed");
    else
        lua_pushstring(L, c->state == WS_OPEN ? "open" : "closing");
    lua_pushinteger(L, c ? c->code : WS_CODE_ABNORMAL);
    if (has_reason)
        lua_pushlstring(L, c->reason->p, c->reason->n);
    else
        lua_pushnil(L);
    if (c && c->err)
        lua_pushstring(L, c->err->code);
    else
        lua_pushnil(L);
    return 4;
}

/* watch(raw, ws, fn): fn(ws, "pong", payload) and fn(ws, "closed") are called from now on; both are
 * kept alive until the end. Nothing when it is watched already or over. */
static int l_watch(lua_State *L)
{
    struct value *v = check_value(L, 1);

    luaL_checktype(L, 3, LUA_TFUNCTION);
    if (v->watcher.fn != LUA_NOREF || !v->c || v->c->state >= WS_LINGER)
        return 0;
    lua_pushvalue(L, 2);
    handle_hold(L, &v->watcher, 3);
    return 0;
}

/* --- options --- */

void lib_websocket_options(lua_State *L, int arg, struct ws_options *o,
                           struct ws_deflate_wish *wish)
{
    struct slice heartbeat = opts_slice(L, arg, "heartbeat_payload");

    *o = ws_options_default;
    if (heartbeat.n > 0) {
        o->heartbeat_n = (uint8_t)MIN(heartbeat.n, sizeof o->heartbeat);
        memcpy(o->heartbeat, heartbeat.p, o->heartbeat_n);
    }
    lua_pop(L, 1);
    o->max_frame = (size_t)opts_number(L, arg, "max_frame_payload", (double)o->max_frame);
    o->max_message = (size_t)opts_number(L, arg, "max_message_size", (double)o->max_message);
    o->watermark = (size_t)opts_number(L, arg, "watermark", (double)o->watermark);
    o->deflate_least =
        (size_t)opts_number(L, arg, "compression_threshold", (double)o->deflate_least);
    o->heartbeat_idle = (uint64_t)(1000 * opts_number(L, arg, "heartbeat_interval", 0));
    o->heartbeat_timeout = (uint64_t)(1000 * opts_number(L, arg, "heartbeat_timeout", 10));
    o->close_timeout = (uint64_t)(1000 * opts_number(L, arg, "close_timeout", 5));
    o->is_by_piece = opts_flag(L, arg, "pieces");
    o->deflate.level = (uint8_t)opts_number(L, arg, "compression_level", 6);
    o->deflate.memory_level = (uint8_t)opts_number(L, arg, "compression_memory_level", 8);
    *wish = (struct ws_deflate_wish){
        .is_wanted = opts_flag(L, arg, "compression"),
        .out_no_takeover = opts_flag(L, arg, "no_context_takeover"),
        .in_no_takeover = opts_flag(L, arg, "peer_no_context_takeover"),
        .out_bits = (uint8_t)opts_number(L, arg, "window_bits", 0),
        .in_bits = (uint8_t)opts_number(L, arg, "peer_window_bits", 0),
    };
}

int lib_websocket(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"take", l_take},
        {"consume", l_consume},
        {"talk", l_talk},
        {"put", l_put},
        {"put_piece", l_put_piece},
        {"wait_drained", l_wait_drained},
        {"ping", l_ping},
        {"pong", l_pong},
        {"close", l_close},
        {"abort", l_abort},
        {"wait_closed", l_wait_closed},
        {"state", l_state},
        {"watch", l_watch},
        {NULL, NULL},
    };

    handle_type(L, TYPE, "websocket connection", l_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
