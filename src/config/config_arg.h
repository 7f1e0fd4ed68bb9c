/* Arguments as values. `index` counts from 0, the first after the name. False with `e` filled, in
 * nginx's words, when the argument is missing or is not of that kind. */
#ifndef CONFIG_CONFIG_ARG_H
#define CONFIG_CONFIG_ARG_H

#include "base/base.h"
#include "config/config_error.h"
#include "config/tree.h"

/* "on" or "off", any case. */
bool config_arg_flag(const struct config_node *node, size_t index, bool *out,
                     struct config_error *e) MUST_USE;

/* A number, 0 to INT64_MAX. */
bool config_arg_int(const struct config_node *node, size_t index, int64_t *out,
                    struct config_error *e) MUST_USE;

/* Bytes. */
bool config_arg_size(const struct config_node *node, size_t index, int64_t *out,
                     struct config_error *e) MUST_USE;

/* Milliseconds; a bare number is seconds. */
bool config_arg_time(const struct config_node *node, size_t index, int64_t *out,
                     struct config_error *e) MUST_USE;

/* The index in the NULL-ended `choices`. */
bool config_arg_enum(const struct config_node *node, size_t index, const char *const *choices,
                     int *out, struct config_error *e) MUST_USE;

/* Refuses `word`, an argument that the directive has no use for. Always false, with `e` filled. */
bool config_arg_refuse(const struct config_node *node, struct slice word, struct config_error *e);

#endif
