/* What is known of the groups of servers, for LuaJIT's FFI (lua/ngx/upstream.lua declares the
 * same). `is_stream`: those of stream. */
#ifndef APP_PROXY_FFI_UPSTREAM_H
#define APP_PROXY_FFI_UPSTREAM_H

#include "app/lua/ffi_ngx.h"

enum ffi_upstream {
    FFI_UPSTREAM_OK = 0,
    FFI_UPSTREAM_NONE = -1,
    FFI_UPSTREAM_NO_PEER = -2,
    FFI_UPSTREAM_EMPTY = -3
};

struct ffi_upstream_peer {
    const char *name; /* borrowed: valid until control returns to the loop */
    size_t name_n;
    const char *written; /* in the configuration: without a port when that says none */
    size_t written_n;
    int is_backup, is_down; /* down: by the configuration or by Lua */
    int weight, current_weight, effective_weight, conns, max_conns, fails, max_fails;
    double fail_timeout;                    /* seconds */
    double failed, checked;                 /* seconds since 1970; 0: never */
    int health;                             /* 0: not checked, 1: up, 2: checking, 3: unhealthy */
    double checks, checks_failed, check_at; /* the last one: seconds since 1970 */
};

/* The name of group `i`, in the order of the configuration. NONE: there are no more. */
int ffi_upstream_name(int is_stream, int i, struct ffi_str *out);

/* Server `i` of a group, in the order of the configuration. EMPTY: that place has none, the next
 * one may. */
int ffi_upstream_peer(int is_stream, const char *name, size_t n, int i,
                      struct ffi_upstream_peer *out);

/* Takes server `i` out, or back in. */
int ffi_upstream_set_down(int is_stream, const char *name, size_t n, int i, int is_down);

/* What the running request is passed on to: a group's name or "host:port". */
int ffi_upstream_current(struct ffi_str *out);

#endif
