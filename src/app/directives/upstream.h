/* Directives inside upstream { }, wherever they are: what they are given. */
#ifndef APP_DIRECTIVES_UPSTREAM_H
#define APP_DIRECTIVES_UPSTREAM_H

#include "app/directives/directives.h"
#include "app/proxy/upstream.h"

/* The ctx of directives inside upstream { }. */
struct apply_upstream {
    struct apply *apply;
    struct upstream *u;
    struct location *level; /* its own, once `resolver` or `resolver_timeout` is there */
};

#endif
