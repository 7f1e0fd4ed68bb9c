/* Loading configuration from text, for the tests of this layer. */
#ifndef T_UNIT_CONFIG_FIXTURE_H
#define T_UNIT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "config/tree.h"

/* The error of loading `text` as the file "f", printed as nginx does; "" when all is well.
 * Malloc'd. */
static inline char *load_error(const char *text, const char *directives, config_node_fn on_node)
{
    struct config_source src = {
        .path = "f", .text = slice_str(text), .directives = directives, .on_node = on_node};
    struct config_tree tree;
    struct config_error e;
    struct buf out = BUF_EMPTY;
    char *line;

    if (!config_load(&tree, &src, &e))
        config_error_format(&e, CONFIG_ERROR_NGINX, &out);
    config_free(&tree);
    line = strdup(buf_cstr(&out));
    buf_free(&out);
    return line;
}

/* Fails unless loading `text` ends in `expected` (a whole line, "" for none). */
static inline void expect_error(const char *text, const char *directives, config_node_fn on_node,
                                const char *expected)
{
    char *line = load_error(text, directives, on_node);

    if (strcmp(line, expected) != 0)
        fail_msg("for <%s> %s\n  got:  %s\n  want: %s", text, directives ? directives : "", line,
                 expected);
    free(line);
}

/* Loads `text` as the file "f" into `tree`; fails when that does not go well. End with config_free.
 */
static inline void load(struct config_tree *tree, const char *text, config_node_fn on_node)
{
    struct config_source src = {.path = "f", .text = slice_str(text), .on_node = on_node};
    struct config_error e;

    if (!config_load(tree, &src, &e))
        fail_msg("for <%s>: %s in %s:%u", text, e.message, e.file, e.line);
}

#endif
