/* A small world for tests of app/: one configuration, server, location and an exchange on nothing,
 * with its visit. */
#ifndef UNIT_APP_WORLD_H
#define UNIT_APP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "app/conf.h"
#include "app/variables/script.h"
#include "app/visit.h"
#include "base/clock.h"
#include "http/exchange_transport.h"

struct world {
    struct app_conf conf;
    struct vhost vhost;
    struct slice names[2];
    struct listen_conf listen;
    struct location base;
    struct exchange x;
    _Alignas(max_align_t) char room[1024]; /* of the pool of `x` */
    struct exchange_transport transport;
    struct visit v;
    struct addr peer, local;
};

static inline struct addr world_addr(const char *host, int port)
{
    struct addr a = {.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in *in = (struct sockaddr_in *)&a.sa;

    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    assert_int_equal(inet_pton(AF_INET, host, &in->sin_addr), 1);
    return a;
}

static inline void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    clock_update();
    pool_init(&w->conf.pool, NULL, 0);
    variable_table_init(&w->conf.variables, &w->conf.pool, VARIABLES_HTTP, &w->conf.place);
    w->conf.prefix = SLICE("/srv/");
    w->names[0] = SLICE("example.com");
    w->vhost.names = w->names;
    w->vhost.n_names = 1;
    w->vhost.base = &w->base;
    w->base.kind = LOCATION_LEVEL;
    w->base.name = SLICE_EMPTY;
    w->base.conf = &w->conf;
    w->base.variables = &w->conf.variables;
    w->base.vhost = &w->vhost;
    w->base.max_ranges = 32;
    w->local = world_addr("127.0.0.1", 8080);
    w->peer = world_addr("192.0.2.17", 40000);
    w->listen.addr = w->local;
    w->listen.default_vhost = &w->vhost;
    w->x.transport = &w->transport;
    w->x.settings = &w->base.http;
    w->x.state = EXCHANGE_HANDLING;
    w->x.peer = &w->peer;
    w->x.local = &w->local;
    w->x.app = &w->v;
    pool_init(&w->x.pool, w->room, sizeof(w->room));
    w->x.req = (struct request){.method = METHOD_GET,
                                .method_token = SLICE("GET"),
                                .line = SLICE("GET /a%20b?x=1 HTTP/1.1"),
                                .uri = SLICE("/a%20b?x=1"),
                                .path = SLICE("/a b"),
                                .query = SLICE("x=1"),
                                .host = SLICE("example.com"),
                                .content_length = -1,
                                .version_major = 1,
                                .version_minor = 1};
    w->x.res = (struct response){.content_length = -1, .last_modified = -1};
    w->v = (struct visit){
        .x = &w->x, .conf = &w->conf, .listen = &w->listen, .vhost = &w->vhost, .loc = &w->base};
}

/* To be called when every variable is defined. */
static inline void world_begin_visit(struct world *w)
{
    w->v.variables = &w->conf.variables;
    w->v.slots = pool_zalloc(&w->x.pool, w->conf.variables.slots * sizeof(struct slice));
}

static inline void world_end(struct world *w)
{
    pool_reset(&w->x.pool);
    pool_reset(&w->conf.pool);
}

static inline const char *world_text(struct world *w, struct slice s)
{
    return s.p ? pool_strdup(&w->x.pool, s) : "(none)";
}

/* The value of a variable as a string, "(none)" when it is not found, "(unknown)" when there is no
 * such variable. */
static inline const char *world_get(struct world *w, const char *name)
{
    const struct variable *var = variable_find_at_run(&w->v, slice_str(name));

    return var ? world_text(w, var->get(&w->v, var)) : "(unknown)";
}

struct world_case {
    const char *name, *expected;
};

static inline void world_check(struct world *w, const struct world_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = world_get(w, cases[i].name);

        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("$%s is \"%s\", not \"%s\"", cases[i].name, got, cases[i].expected);
    }
}

static inline void world_header(struct world *w, struct header_list *l, const char *name,
                                const char *value)
{
    header_add(l, &w->x.pool, slice_str(name), slice_str(value));
}

/* A new child of `parent`, added to it. */
static inline struct location *world_location(struct location *parent, enum location_kind kind,
                                              const char *name)
{
    struct location *l = location_new_child(parent, kind, slice_str(name));

    l->file = "x.conf";
    l->line = 7;
    location_add_child(parent, l);
    return l;
}

#endif
