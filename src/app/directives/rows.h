/* Rows of the tables of directives.h, for the many directives of one argument, and the setters
 * behind most of them. A file says its GROUP before it makes rows. */
#ifndef APP_DIRECTIVES_ROWS_H
#define APP_DIRECTIVES_ROWS_H

#include "config/schema.h"

/* Of a value that goes to the field `at` bytes from what `fn` fills. */
#define DIRECTIVE_SETTING(text, where, kind, args, value, at, about, fn)                           \
    {                                                                                              \
        .name = (text), .contexts = (where), .min_args = 1, .max_args = 1, .kinds = {(kind)},      \
        .group = GROUP, .syntax = text " " args ";", .default_text = text " " value ";",           \
        .doc = (about), .id = (int)(at), .apply = (fn)                                             \
    }

/* Of `on` or `off`. */
#define DIRECTIVE_FLAG(text, where, value, at, about, fn)                                          \
    DIRECTIVE_SETTING(text, where, ARG_FLAG, "on | off", value, at, about, fn)

/* Of a text that `fn` reads; without it nothing is set. */
#define DIRECTIVE_TEXT(text, where, args, at, about, fn)                                           \
    {                                                                                              \
        .name = (text), .contexts = (where), .min_args = 1, .max_args = 1, .group = GROUP,         \
        .syntax = text " " args ";", .doc = (about), .id = (int)(at), .apply = (fn)                \
    }

/* Of one of `words`, NULL-ended. */
#define DIRECTIVE_CHOICE(text, where, words, args, value, at, about, fn)                           \
    {                                                                                              \
        .name = (text), .contexts = (where), .min_args = 1, .max_args = 1, .kinds = {ARG_ENUM},    \
        .choices = (words), .group = GROUP, .syntax = text " " args ";",                           \
        .default_text = text " " value ";", .doc = (about), .id = (int)(at), .apply = (fn)         \
    }

/* Of a value that is checked, and that is all; `why` says why nothing is lost. */
#define DIRECTIVE_ACCEPTED(text, where, kind, args, why)                                           \
    DIRECTIVE_ACCEPTED_UP_TO(1, text, where, kind, args, why)

/* The same, of up to `most` arguments, the first of which is checked. */
#define DIRECTIVE_ACCEPTED_UP_TO(most, text, where, kind, args, why)                               \
    {                                                                                              \
        .name = (text), .contexts = (where), .min_args = 1, .max_args = (most), .kinds = {(kind)}, \
        .group = SCHEMA_GROUP_ACCEPTED, .syntax = text " " args ";", .doc = "No effect: " why      \
    }

/* Why no size of a table, of a pool of memory or of a buffer is needed. */
#define DIRECTIVE_TABLE_FITS "tables are as large as what they hold."
#define DIRECTIVE_POOL_GROWS "memory of a connection or request grows with its needs."
#define DIRECTIVE_SENT_AT_ONCE                                                                     \
    "what is to be sent is sent as soon as the client takes it, head and body together."

/* They store the first argument in the field that is `id` bytes from `base`; for setters of
 * directives whose values are not in struct location. */

/* bool */
bool directives_put_flag(void *base, const struct config_node *node, struct config_error *e);

/* uint64_t, milliseconds */
bool directives_put_time(void *base, const struct config_node *node, struct config_error *e);

/* size_t, bytes */
bool directives_put_size(void *base, const struct config_node *node, struct config_error *e);

/* unsigned; more than it holds is its largest value */
bool directives_put_number(void *base, const struct config_node *node, struct config_error *e);

/* Setters: they store the first argument in the field of struct location that is `id` bytes from
 * its start. */

/* bool */
bool directives_set_flag(void *ctx, const struct config_node *node, struct config_error *e);

/* uint64_t, milliseconds */
bool directives_set_time(void *ctx, const struct config_node *node, struct config_error *e);

/* size_t, bytes */
bool directives_set_size(void *ctx, const struct config_node *node, struct config_error *e);

/* int64_t, bytes */
bool directives_set_bytes(void *ctx, const struct config_node *node, struct config_error *e);

/* unsigned; more than it holds is its largest value */
bool directives_set_number(void *ctx, const struct config_node *node, struct config_error *e);

/* An enum whose values are, in this order, the `choices` of the directive */
bool directives_set_choice(void *ctx, const struct config_node *node, struct config_error *e);

/* As directives_set_number, in struct app_conf */
bool directives_set_conf_number(void *ctx, const struct config_node *node, struct config_error *e);

/* struct slice, borrowed from the tree */
bool directives_set_word(void *ctx, const struct config_node *node, struct config_error *e);

#endif
