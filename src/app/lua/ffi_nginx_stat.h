/* nginx's counters of connections and requests, under its names, for libraries that read them by
 * FFI. A variable cannot count when it is read, so the sums are made when Lua first runs in a turn
 * of the loop, once somebody has asked for them. */
#ifndef APP_LUA_FFI_NGINX_STAT_H
#define APP_LUA_FFI_NGINX_STAT_H

#include <stdint.h>

/* Never NULL; what they point at may not be written. */
extern uint64_t *ngx_stat_accepted, *ngx_stat_handled, *ngx_stat_requests, *ngx_stat_active,
    *ngx_stat_reading, *ngx_stat_writing, *ngx_stat_waiting;

/* Makes the sums now and from now on; also for the workers that are forked later. */
void ffi_nginx_stat_follow(void);

#endif
