/* "perilune.core.dns": what lua/perilune/dns.lua is made of.
 *
 * A request is a userdata that the registry holds until its function has been called, from the loop
 * and outside of any task, or until it is cancelled. */
#include "bind/lib_dns.h"

#include <lauxlib.h>
#include <netinet/in.h>
#include <string.h>

#include "bind/arg.h"
#include "bind/handle.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/lib_addr.h"
#include "bind/opts.h"
#include "bind/vm.h"
#include "net/dns/dns_name.h"

struct request {
    struct dns_query *query;
    struct resolver_wait *wait;
    struct handle_call call;
};

static struct resolver *(*chooser)(void) = resolver_default; /* process-wide: the app's choice */

void lib_dns_set_chooser(struct resolver *(*fn)(void))
{
    chooser = fn;
}

struct resolver *lib_dns_chosen(void)
{
    return chooser();
}

struct resolver *lib_dns_resolver(lua_State *L, int arg)
{
    struct resolver **r;

    if (lua_isnoneornil(L, arg))
        return chooser();
    r = luaL_checkudata(L, arg, "perilune.resolver");
    return *r;
}

enum dns_family lib_dns_family(lua_State *L, int arg)
{
    static const char *const names[] = {
        [DNS_PREFER_V6] = "ipv6_preferred",
        [DNS_PREFER_V4] = "ipv4_preferred",
        [DNS_ONLY_V6] = "ipv6_only",
        [DNS_ONLY_V4] = "ipv4_only",
        NULL,
    };

    return (enum dns_family)luaL_checkoption(L, arg, names[DNS_PREFER_V6], names);
}

/* --- resolvers --- */

/* Stays as it is when there is no such number. */
static void read_number(lua_State *L, const char *name, double unit, uint32_t *out)
{
    double v = opts_number(L, 1, name, -1);

    if (v >= 0)
        *out = (uint32_t)MIN(v * unit, (double)UINT32_MAX);
}

static struct resolver_options options_of(lua_State *L)
{
    struct resolver_options o = resolver_defaults();
    uint32_t cache = (uint32_t)o.cache_size;

    o.servers = opts_text(L, 1, "servers");
    o.search = opts_text(L, 1, "search");
    o.hosts = opts_text(L, 1, "hosts");
    o.resolv_conf = opts_text(L, 1, "resolv_conf");
    read_number(L, "timeout", 1000, &o.timeout);
    read_number(L, "tries", 1, &o.tries);
    read_number(L, "total_timeout", 1000, &o.total_timeout);
    read_number(L, "min_ttl", 1, &o.min_ttl);
    read_number(L, "max_ttl", 1, &o.max_ttl);
    read_number(L, "negative_ttl", 1, &o.negative_ttl);
    read_number(L, "cache_size", 1, &cache);
    o.ndots = (int)opts_number(L, 1, "ndots", -1);
    o.cache_size = cache;
    o.rotate = opts_flag(L, 1, "rotate");
    o.has_ipv6 = !opts_flag(L, 1, "no_ipv6");
    return o;
}

/* resolver(options) → resolver, or nil and an error; times in seconds */
static int l_resolver(lua_State *L)
{
    struct resolver_options o;
    struct resolver **r;
    const struct err *e;

    luaL_checktype(L, 1, LUA_TTABLE);
    o = options_of(L);
    r = lua_newuserdata(L, sizeof(struct resolver *));
    *r = NULL;
    luaL_getmetatable(L, "perilune.resolver");
    lua_setmetatable(L, -2);
    e = resolver_new(&o, r);
    return e ? lerr_return(L, e, o.servers) : 1;
}

static int l_resolver_gc(lua_State *L)
{
    resolver_unref(luaL_checkudata(L, 1, "perilune.resolver"));
    return 0;
}

static void set_number(lua_State *L, const char *name, double v)
{
    lua_pushnumber(L, v);
    lua_setfield(L, -2, name);
}

/* stats(resolver) → table of counters */
static int l_stats(lua_State *L)
{
    struct resolver_stats s;

    resolver_count(lib_dns_resolver(L, 1), &s);
    lua_newtable(L);
    set_number(L, "questions", (double)s.questions);
    set_number(L, "hits", (double)s.hits);
    set_number(L, "merged", (double)s.merged);
    set_number(L, "sent", (double)s.sent);
    set_number(L, "failed", (double)s.failed);
    set_number(L, "entries", s.entries);
    set_number(L, "evicted", s.evicted);
    set_number(L, "bytes", (double)s.bytes);
    return 1;
}

/* flush(resolver) */
static int l_flush(lua_State *L)
{
    resolver_flush(lib_dns_resolver(L, 1));
    return 0;
}

/* --- requests --- */

static struct request *push_request(lua_State *L, int fn)
{
    struct request *q = lua_newuserdata(L, sizeof(*q));

    *q = (struct request){.query = NULL};
    luaL_getmetatable(L, "perilune.dns.request");
    lua_setmetatable(L, -2);
    handle_hold(L, &q->call, fn);
    return q;
}

static void on_addresses(void *user, const struct dns_result *r)
{
    struct request *q = user;
    lua_State *L = vm_main();

    q->query = NULL;
    handle_take(L, &q->call);
    if (r->err) {
        (void)lerr_return(L, r->err, NULL);
        vm_call(2, 0, "dns");
        return;
    }
    lua_createtable(L, (int)r->addrs->n, 0);
    for (unsigned i = 0; i < r->addrs->n; i++) {
        lib_addr_push_host(L, &r->addrs->items[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    vm_call(1, 0, "dns");
}

/* lookup(resolver, name, family, fn) → request; fn(addresses), or fn(nil, error) */
static int l_lookup(lua_State *L)
{
    struct resolver *r = lib_dns_resolver(L, 1);
    enum dns_family family = lib_dns_family(L, 3);
    struct slice name = arg_slice(L, 2);
    struct request *q;

    luaL_checktype(L, 4, LUA_TFUNCTION);
    q = push_request(L, 4);
    q->query = dns_lookup(r, name, family, on_addresses, q);
    return 1;
}

/* Puts a field into the table of its record: texts of a list into an array as well as, one behind
 * the other, under the name. */
static void add_field(void *user, const struct dns_field *f)
{
    lua_State *L = user;

    if (f->kind == DNS_FIELD_NUMBER) {
        set_number(L, f->name, f->number);
        return;
    }
    if (f->kind == DNS_FIELD_TEXT) {
        lua_pushlstring(L, f->text.p, f->text.n);
        lua_setfield(L, -2, f->name);
        return;
    }
    lua_getfield(L, -1, "strings");
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, "strings");
        lua_pushliteral(L, "");
        lua_setfield(L, -3, f->name);
    }
    lua_pushlstring(L, f->text.p, f->text.n);
    lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
    lua_pop(L, 1);
    lua_getfield(L, -1, f->name);
    lua_pushlstring(L, f->text.p, f->text.n);
    lua_concat(L, 2);
    lua_setfield(L, -2, f->name);
}

static bool push_record(lua_State *L, const struct dns_message *m, const struct dns_record *r)
{
    static const char *const sections[] = {"answer", "authority", "additional"};
    char name[DNS_NAME_TEXT];
    const char *type = dns_message_type_name(r->type);

    lua_createtable(L, 0, 8);
    (void)dns_message_name(m->bytes, r->name_at, name);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "name");
    if (type)
        lua_pushstring(L, type);
    else
        lua_pushfstring(L, "TYPE%d", r->type);
    lua_setfield(L, -2, "type");
    lua_pushstring(L, sections[r->section]);
    lua_setfield(L, -2, "section");
    set_number(L, "ttl", r->ttl);
    return dns_message_fields(m, r, add_field, L);
}

/* Pushes an array of all records; false: malformed, nothing was pushed. */
static bool push_records(lua_State *L, struct slice bytes)
{
    enum { TYPE_OPT = 41 };
    struct dns_message m;
    struct dns_record r;
    int more, n = 0, top = lua_gettop(L);

    if (!dns_message_open(&m, bytes))
        return false;
    lua_newtable(L);
    while ((more = dns_message_next(&m, &r)) > 0) {
        if (r.type == TYPE_OPT)
            continue;
        if (!push_record(L, &m, &r)) {
            more = -1;
            break;
        }
        lua_rawseti(L, -2, ++n);
    }
    if (more < 0)
        lua_settop(L, top);
    return more == 0;
}

static void on_records(void *user, struct dns_answer *a)
{
    struct request *q = user;
    lua_State *L = vm_main();
    const struct err *e = a->err;

    q->wait = NULL;
    handle_take(L, &q->call);
    if (!e && push_records(L, slice_of(a->bytes, a->n))) {
        vm_call(1, 0, "dns");
        return;
    }
    (void)lerr_return(L, e ? e : &err_name_server, NULL);
    vm_call(2, 0, "dns");
}

/* resolve(resolver, name, type, fn) → request, or nil and an error; fn(records) or fn(nil, error)
 */
static int l_resolve(lua_State *L)
{
    struct resolver *r = lib_dns_resolver(L, 1);
    struct slice name, type;
    struct buf ascii = BUF_EMPTY;
    struct request *q;
    uint16_t number;

    name = arg_slice(L, 2);
    type = arg_slice(L, 3);
    luaL_checktype(L, 4, LUA_TFUNCTION);
    number = dns_message_type(type);
    luaL_argcheck(L, number, 3, "unknown type of record");
    if (!dns_name_to_ascii(name, &ascii)) {
        buf_free(&ascii);
        return lerr_return(L, &err_invalid, name.p);
    }
    if (ascii.p[ascii.n - 1] == '.')
        ascii.n--;
    q = push_request(L, 4);
    q->wait = resolver_ask(r, buf_slice(&ascii), number, on_records, q);
    buf_free(&ascii);
    return 1;
}

/* cancel(request): its function is not called */
static int l_cancel(lua_State *L)
{
    struct request *q = luaL_checkudata(L, 1, "perilune.dns.request");

    dns_cancel(&q->query);
    resolver_give_up(&q->wait);
    handle_drop(L, &q->call);
    return 0;
}

/* --- names --- */

/* to_ascii(name) → name, or nil when no host name can look like this */
static int l_to_ascii(lua_State *L)
{
    struct buf ascii = BUF_EMPTY;
    struct slice name = arg_slice(L, 1);

    if (dns_name_to_ascii(name, &ascii))
        lua_pushlstring(L, ascii.p, ascii.n);
    else
        lua_pushnil(L);
    buf_free(&ascii);
    return 1;
}

/* pack_address(text) → its 4 or 16 bytes; nil when it is no IP address */
static int l_pack_address(lua_State *L)
{
    struct slice text = arg_slice(L, 1), bytes;
    struct addr a;

    if (!addr_literal(text, &a))
        return 0;
    bytes = addr_bytes(&a);
    lua_pushlstring(L, bytes.p, bytes.n);
    return 1;
}

/* is_address(text): an IP address? */
static int l_is_address(lua_State *L)
{
    struct slice text = arg_slice(L, 1);
    struct addr a;

    lua_pushboolean(L, addr_literal(text, &a));
    return 1;
}

/* has_type(name): is it a type of records that resolve takes? */
static int l_has_type(lua_State *L)
{
    struct slice name = arg_slice(L, 1);

    lua_pushboolean(L, dns_message_type(name) != 0);
    return 1;
}

/* reverse_name(address) → the name of its PTR records, or nil */
static int l_reverse_name(lua_State *L)
{
    struct buf name = BUF_EMPTY;
    struct slice text = arg_slice(L, 1);
    struct addr a;

    if (!addr_literal(text, &a))
        return 0;
    dns_name_reverse(&a, &name);
    lua_pushlstring(L, name.p, name.n);
    buf_free(&name);
    return 1;
}

/* hosts_name(resolver, address) → its first name in the hosts file, or nil */
static int l_hosts_name(lua_State *L)
{
    struct resolver *r = lib_dns_resolver(L, 1);
    struct slice text, name = {NULL, 0};
    struct addr a;

    text = arg_slice(L, 2);
    if (addr_literal(text, &a) && resolver_hosts(r))
        name = dns_hosts_name(resolver_hosts(r), &a);
    if (!name.p)
        return 0;
    lua_pushlstring(L, name.p, name.n);
    return 1;
}

int lib_dns(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"resolver", l_resolver},
        {"stats", l_stats},
        {"flush", l_flush},
        {"lookup", l_lookup},
        {"resolve", l_resolve},
        {"cancel", l_cancel},
        {"to_ascii", l_to_ascii},
        {"is_address", l_is_address},
        {"pack_address", l_pack_address},
        {"has_type", l_has_type},
        {"reverse_name", l_reverse_name},
        {"hosts_name", l_hosts_name},
        {NULL, NULL},
    };

    handle_type(L, "perilune.resolver", "perilune.resolver", l_resolver_gc);
    handle_type(L, "perilune.dns.request", "perilune.dns.request", l_cancel);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
