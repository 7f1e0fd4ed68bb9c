/* What balancer_by_lua says, called by FFI from lua/ngx/balancer.lua: about the attempt that begins
 * of the request that is proxied right now. Each answers one of these, or as it says. */
#ifndef APP_PROXY_FFI_BALANCER_H
#define APP_PROXY_FFI_BALANCER_H

#include "app/lua/ffi_ngx.h"

enum ffi_balancer {
    FFI_BALANCER_OK = 0,
    FFI_BALANCER_REDUCED = 1,
    FFI_BALANCER_NO_UPSTREAM = -1,
    FFI_BALANCER_BAD_ADDRESS = -2,
    FFI_BALANCER_NO_PEER = -3,
    FFI_BALANCER_NO_TLS = -4,
    /* FFI_NGX_NO_REQUEST, FFI_NGX_BAD_CONTEXT */
};

/* The server: "address[:port]" or "unix:/path"; `port` 0: that of the text, 80. `name` (n 0: the
 * location's) is for TLS. */
int ffi_balancer_set_peer(const char *text, size_t n, int port, const char *name, size_t name_n);

/* The connection may be kept for later ones: milliseconds it may be free (0: any), requests. */
int ffi_balancer_keep(double idle, double requests);

/* So many attempts more may follow. REDUCED: fewer, by proxy_next_upstream_tries. */
int ffi_balancer_more_tries(int n);

/* 0: this is the first attempt; 2: the one before was answered 403 or 404; 4: it failed. */
int ffi_balancer_last_failure(int *status);

/* Milliseconds; 0: as they are. */
int ffi_balancer_timeouts(double connect, double send, double read);

/* Whether TLS is spoken. NO_TLS: the location has no https target. */
int ffi_balancer_set_tls(int is_on);

/* The address to connect from. */
int ffi_balancer_bind(const char *text, size_t n);

/* The request is made anew for each attempt. */
int ffi_balancer_recreate(void);

/* The two by OpenResty's names in C, for libraries that call them; the request is the running one,
 * whatever `r`. -1: not done, and why. */
int ngx_http_lua_ffi_balancer_set_upstream_tls(const void *r, int is_on, const char **err);

/* See above. */
int ngx_http_lua_ffi_balancer_recreate_request(const void *r, const char **err);

#endif
