/* Resolvers as Lua has them. */
#ifndef BIND_LIB_DNS_H
#define BIND_LIB_DNS_H

#include <lua.h>

#include "net/dns/dns.h"

/* The resolver of the value at `arg`, borrowed; for nil the default. Raises an error on
 * anything else. */
struct resolver *lib_dns_resolver(lua_State *L, int arg);

/* That default, borrowed: as the location of the running task's request says. */
struct resolver *lib_dns_chosen(void);

/* Who chooses the default for the running task, instead of resolver_default; set by the layer
 * above, once. */
void lib_dns_set_chooser(struct resolver *(*fn)(void));

/* The policy of a name at `arg` ("ipv6_preferred" and nil, "ipv4_preferred", "ipv6_only",
 * "ipv4_only"); raises an error on anything else. */
enum dns_family lib_dns_family(lua_State *L, int arg);

#endif
