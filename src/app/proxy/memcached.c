/* The usual timeouts, and the next server where one cannot be asked. */
#include "app/proxy/memcached.h"

enum { TIMEOUT_MS = 60000 };

const struct memcached_conf memcached_defaults = {.connect_timeout = TIMEOUT_MS,
                                                  .send_timeout = TIMEOUT_MS,
                                                  .read_timeout = TIMEOUT_MS,
                                                  .next = {" error timeout ", 15}};
