/* Keeps the caches within their limits, and finds what lies in their folders at the start. */
#ifndef APP_PROXY_CACHE_MANAGER_H
#define APP_PROXY_CACHE_MANAGER_H

#include "app/proxy/cache_zone.h"

/* Begins; to be called in one worker. */
void cache_manager_start(const struct app_conf *conf);

/* Ends, before the configuration does. */
void cache_manager_stop(void);

/* Removes what was used the longest time ago, for a note that had no room. False: there is nothing.
 */
bool cache_manager_make_room(const struct cache_zone *z);

#endif
