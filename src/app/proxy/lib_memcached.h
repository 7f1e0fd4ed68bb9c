/* "perilune.core.memcached": what lua/ngx/memcached.lua asks of the location and of upstreams. */
#ifndef APP_PROXY_LIB_MEMCACHED_H
#define APP_PROXY_LIB_MEMCACHED_H

/* Registers the module in the open machine. */
void lib_memcached_open(void);

#endif
