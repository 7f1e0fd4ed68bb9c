/* Configurations loaded from text, for tests of what directives do. */
#ifndef UNIT_APP_LOADED_H
#define UNIT_APP_LOADED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "app/app.h"
#include "app/conf.h"
#include "base/clock.h"
#include "config/schema.h"

struct loaded_case {
    const char *text;
    const char *error; /* as it is printed; NULL: it loads */
};

static inline int loaded_set_up(void **state)
{
    UNUSED(state);
    clock_update();
    app_register_directives();
    return 0;
}

static inline int loaded_tear_down(void **state)
{
    UNUSED(state);
    schema_reset();
    return 0;
}

/* Loads `text`, which must be right. */
static inline struct app_conf *loaded(const char *text)
{
    struct config_error e;
    struct app_conf *conf = conf_load_text(slice_str(text), &e);

    if (!conf)
        fail_msg("<%s>: %s in %s:%u; %s", text, e.message, e.file, e.line, e.hint);
    return conf;
}

/* Loads `format` with each text in place of its %s and compares the errors. */
static inline void loaded_check(const char *format, const struct loaded_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct buf text = BUF_EMPTY, line = BUF_EMPTY;
        const char *hole = strstr(format, "%s"), *expected = cases[i].error ? cases[i].error : "";
        struct config_error e;
        struct app_conf *conf;

        buf_add(&text, format, (size_t)(hole - format));
        buf_add(&text, cases[i].text, strlen(cases[i].text));
        buf_add(&text, hole + 2, strlen(hole + 2));
        conf = conf_load_text(buf_slice(&text), &e);
        if (!conf)
            config_error_format(&e, CONFIG_ERROR_NGINX, &line);
        conf_free(&conf);
        if (strcmp(buf_cstr(&line), expected) != 0)
            fail_msg("for <%s>\n  got:  %s\n  want: %s", cases[i].text, buf_cstr(&line), expected);
        buf_free(&text);
        buf_free(&line);
    }
}

/* The first server's own level, and its i-th location. */
static inline struct location *loaded_server(const struct app_conf *conf)
{
    assert_true(conf->n_vhosts > 0);
    return conf->vhosts[0]->base;
}

static inline struct location *loaded_location(const struct app_conf *conf, unsigned i)
{
    struct location *server = loaded_server(conf);

    assert_true(i < server->n_children);
    return server->children[i];
}

static inline void loaded_slice_is(struct slice s, const char *expected)
{
    if (!slice_eq(s, slice_str(expected)))
        fail_msg("\"" SLICE_FMT "\" is not \"%s\"", SLICE_ARG(s), expected);
}

/* A whole configuration around the directives of http, of a server, of a location. */
#define IN_HTTP(text)      "http { access_log off; " text " }"
#define IN_SERVER(text)    IN_HTTP("server { listen 8080; " text " }")
#define IN_LOCATION(text)  IN_SERVER("location / { " text " }")

#define LOADED_MAIN(tests) cmocka_run_group_tests(tests, loaded_set_up, loaded_tear_down)

#endif
