/* The answers to calls: collected where Lua wants them whole, handed out piece by piece where it
 * reads a stream. A small answer is told with its body in one call, from the connection's buffer.
 *
 * Events: "head" (status, head text, body or nil, text of the trailers or nil), "failed" (error),
 * "body" (something to read), "drained" (more of the request may be written), "inform" (status,
 * text of the fields). */
#include "bind/client_call.h"

#include <lauxlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "bind/lerr.h"
#include "bind/vm.h"
#include "proto/content_decoder.h"

enum { SLOT_BITS = 20, PEEK = 65536 };

static struct {
    struct client_call **calls;
    uint32_t *uses;
    unsigned n, size;
    unsigned *vacant, n_vacant;
} slots; /* process-wide: the numbers of calls */

static int listener = LUA_NOREF; /* process-wide: the Lua function that is told */

/* --- numbers --- */

static unsigned take_slot(void)
{
    if (slots.n_vacant)
        return slots.vacant[--slots.n_vacant];
    if (slots.n == slots.size) {
        slots.size = slots.size ? slots.size * 2 : 64;
        slots.calls = mem_realloc(slots.calls, slots.size * sizeof(*slots.calls));
        slots.uses = mem_realloc(slots.uses, slots.size * sizeof(*slots.uses));
        slots.vacant = mem_realloc(slots.vacant, slots.size * sizeof(*slots.vacant));
    }
    slots.uses[slots.n] = 0;
    return slots.n++;
}

struct client_call *client_call_get(double id)
{
    uint64_t number = id > 0 ? (uint64_t)id : 0;
    unsigned slot = (unsigned)(number & ((1u << SLOT_BITS) - 1));

    if (!number || slot >= slots.n || slots.uses[slot] != number >> SLOT_BITS)
        return NULL;
    return slots.calls[slot];
}

static const struct client_user events;

struct client_call *client_call_new(lua_State *L)
{
    struct client_call *c = mem_new(struct client_call);
    unsigned slot = take_slot();

    slots.calls[slot] = c;
    c->id = (double)((uint64_t)++slots.uses[slot] << SLOT_BITS | slot);
    c->sink_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    c->body_ref = LUA_NOREF;
    c->file = -1;
    c->x = client_exchange_new(&events, c);
    return c;
}

void client_call_free(struct client_call **at)
{
    struct client_call *c = *at;
    unsigned slot = (unsigned)((uint64_t)c->id & ((1u << SLOT_BITS) - 1));
    lua_State *L = vm_main();

    *at = NULL;
    slots.calls[slot] = NULL;
    slots.vacant[slots.n_vacant++] = slot;
    client_exchange_forget(c->x);
    client_exchange_release(&c->x);
    luaL_unref(L, LUA_REGISTRYINDEX, c->sink_ref);
    luaL_unref(L, LUA_REGISTRYINDEX, c->body_ref);
    if (c->file >= 0)
        (void)close(c->file);
    content_decoder_free(&c->decoder);
    buf_free(&c->held);
    stream_close(&c->tunnel, true);
    buf_free(&c->tunnel_in);
    mem_free(c);
}

struct stream *client_call_take_tunnel(struct client_call **c, struct buf *in)
{
    struct stream *s = (*c)->tunnel;

    if (!s)
        return NULL;
    *in = (*c)->tunnel_in;
    (*c)->tunnel_in = BUF_EMPTY;
    (*c)->tunnel = NULL;
    client_call_free(c);
    return s;
}

void client_call_set_listener(lua_State *L)
{
    listener = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* --- telling --- */

static lua_State *begin_event(const struct client_call *c, const char *event)
{
    lua_State *L = vm_main();

    lua_rawgeti(L, LUA_REGISTRYINDEX, listener);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->sink_ref);
    lua_pushstring(L, event);
    return L;
}

void client_call_push_failure(lua_State *L, const struct err *e, const char *detail,
                              int proxy_status)
{
    lerr_push(L, e, detail);
    if (proxy_status) {
        lua_pushinteger(L, proxy_status);
        lua_setfield(L, -2, "proxy_status");
    }
}

static void push_error(lua_State *L, const struct client_exchange *x)
{
    char *detail = x->detail.n ? mem_strdup(x->detail) : NULL;

    client_call_push_failure(L, x->err ? x->err : &err_cancelled, detail, x->proxy_status);
    mem_free(detail);
}

static void tell_failed(struct client_call *c)
{
    lua_State *L = begin_event(c, "failed");

    push_error(L, c->x);
    client_call_free(&c);
    vm_call(3, 0, "http client");
}

/* Fields as the text of a head. */
static void push_fields(lua_State *L, const struct header_list *l)
{
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    luaL_addstring(&b, "HTTP/1.1\r\n");
    for (unsigned i = 0; i < l->n; i++) {
        luaL_addlstring(&b, l->fields[i].name.p, l->fields[i].name.n);
        luaL_addlstring(&b, ": ", 2);
        luaL_addlstring(&b, l->fields[i].value.p, l->fields[i].value.n);
        luaL_addlstring(&b, "\r\n", 2);
    }
    luaL_pushresult(&b);
}

/* The trailers as such a text; nil: there are none. */
static void push_trailers(lua_State *L, const struct client_call *c)
{
    if (c->x->res.trailers.n)
        push_fields(L, &c->x->res.trailers);
    else
        lua_pushnil(L);
}

/* With the whole body: the call is over. */
static void tell_complete(struct client_call *c, struct slice body)
{
    lua_State *L = begin_event(c, "head");

    lua_pushinteger(L, c->x->res.status);
    lua_pushlstring(L, c->x->res.text.p, c->x->res.text.n);
    lua_pushlstring(L, body.p, body.n);
    push_trailers(L, c);
    client_call_free(&c);
    vm_call(6, 0, "http client");
}

static void tell_head(struct client_call *c)
{
    lua_State *L = begin_event(c, "head");

    c->is_told = true;
    lua_pushinteger(L, c->x->res.status);
    lua_pushlstring(L, c->x->res.text.p, c->x->res.text.n);
    vm_call(4, 0, "http client");
}

/* --- the body --- */

static enum body_result fail(struct client_call *c, const struct err *why)
{
    client_exchange_cancel(c->x, why);
    c->x->err = why;
    return BODY_FAILED;
}

/* One piece of the decoded body behind `held`. BODY_DATA: perhaps. */
static enum body_result decode(struct client_call *c, struct slice in, bool is_end)
{
    const struct err *why = content_decoder_feed(c->decoder, in, is_end, &c->held);

    if (!why)
        return is_end ? BODY_END : BODY_DATA;
    return fail(c, why);
}

/* Takes what has come; `once`: one piece at most. */
static enum body_result pull(struct client_call *c, bool once)
{
    enum body_result r;
    struct slice data;

    for (;;) {
        if (c->decoder && content_decoder_has_more(c->decoder)) {
            data = SLICE_EMPTY;
            r = BODY_DATA;
        } else {
            r = client_exchange_read(c->x, &data);
        }
        if (r == BODY_DATA && !c->decoder)
            buf_add_slice(&c->held, data);
        else if (r == BODY_DATA)
            r = decode(c, data, false);
        else if (r == BODY_END && c->decoder)
            r = decode(c, SLICE_EMPTY, true);
        if (r == BODY_DATA && c->does_collect && c->held.n > c->most)
            r = fail(c, &err_too_large);
        if (r != BODY_DATA)
            break;
        if (once && c->held.n)
            return BODY_DATA;
    }
    c->has_ended = r == BODY_END;
    return r;
}

static void collect(struct client_call *c)
{
    switch (pull(c, false)) {
    case BODY_END:
        tell_complete(c, buf_slice(&c->held));
        return;
    case BODY_FAILED:
        tell_failed(c);
        return;
    default:
        client_exchange_wait(c->x);
    }
}

static void begin_decoding(struct client_call *c)
{
    const struct header *h = header_find_id(&c->x->res.headers, HEADER_CONTENT_ENCODING);

    if (c->does_decode && h && c->x->state == CLIENT_BODY)
        c->decoder = content_decoder_new(h->value);
}

/* The usual small answer: all of it is in the connection's buffer. */
static bool is_whole(struct client_call *c, struct slice *body)
{
    if (c->x->state == CLIENT_DONE) {
        *body = SLICE_EMPTY;
        return true;
    }
    if (c->decoder)
        return false;
    switch (client_exchange_read(c->x, body)) {
    case BODY_DATA:
        if (c->x->state == CLIENT_DONE)
            return true;
        buf_add_slice(&c->held, *body);
        return false;
    case BODY_END:
        return true;
    default:
        return false;
    }
}

/* A CONNECT was answered well: the stream is kept until somebody takes it. */
static bool is_tunnel(struct client_call *c)
{
    struct client_exchange *x = c->x;
    struct outq out;

    if (x->req.method != METHOD_CONNECT || x->res.status >= 300 || x->state != CLIENT_BODY)
        return false;
    c->tunnel = client_exchange_detach(x, &c->tunnel_in, &out);
    if (c->tunnel)
        outq_clear(&out);
    return c->tunnel != NULL;
}

static void on_head(struct client_exchange *x)
{
    struct client_call *c = x->app;
    struct slice body;

    if (is_tunnel(c)) {
        tell_head(c);
        return;
    }
    begin_decoding(c);
    if (is_whole(c, &body)) {
        if (c->does_collect && body.n > c->most) {
            x->err = &err_too_large;
            tell_failed(c);
        } else {
            tell_complete(c, body);
        }
        return;
    }
    if (c->does_collect) {
        collect(c);
        return;
    }
    if (c->held.n < PEEK && pull(c, true) == BODY_END)
        tell_complete(c, buf_slice(&c->held));
    else
        tell_head(c);
}

static void on_body(struct client_exchange *x)
{
    struct client_call *c = x->app;

    if (!c->is_told) {
        collect(c);
        return;
    }
    begin_event(c, "body");
    vm_call(2, 0, "http client");
}

static void on_drained(struct client_exchange *x)
{
    begin_event(x->app, "drained");
    vm_call(2, 0, "http client");
}

static void on_failed(struct client_exchange *x)
{
    tell_failed(x->app);
}

static void on_informational(struct client_exchange *x, int status, const struct header_list *l)
{
    lua_State *L = begin_event(x->app, "inform");

    lua_pushinteger(L, status);
    push_fields(L, l);
    vm_call(4, 0, "http client");
}

static const struct client_user events = {
    .on_informational = on_informational,
    .on_head = on_head,
    .on_body = on_body,
    .on_drained = on_drained,
    .on_failed = on_failed,
};

int client_call_read(lua_State *L, struct client_call *c)
{
    enum body_result r = c->held.n || c->has_ended ? BODY_DATA : pull(c, true);

    if (c->held.n) {
        lua_pushlstring(L, c->held.p, c->held.n);
        c->held.n = 0;
        return 1;
    }
    if (c->has_ended || r == BODY_END) {
        lua_pushliteral(L, "");
        push_trailers(L, c);
        client_call_free(&c);
        return 2;
    }
    if (r == BODY_FAILED) {
        lua_pushnil(L);
        push_error(L, c->x);
        client_call_free(&c);
        return 2;
    }
    lua_pushboolean(L, 0);
    return 1;
}
