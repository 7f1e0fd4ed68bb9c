/* Arguments as values, by way of base/num.
 *
 * The messages are those of nginx's own setters, which do not all name the value; the hint does. To
 * add a kind, add a function here, a value to enum schema_kind and a case to schema_check.c. */
#include "config/config_arg.h"

#include "base/num.h"

static bool has_arg(const struct config_node *node, size_t index, struct config_error *e)
{
    return index < node->n_args ||
           config_node_error(node, e, "invalid number of arguments in \"%s\" directive",
                             node->name.p);
}

/* `what` is nginx's complaint, `kind` what the value ought to be. */
static bool refuse(const struct config_node *node, size_t index, const char *what, const char *kind,
                   struct config_error *e)
{
    config_node_error(node, e, "\"%s\" directive %s", node->name.p, what);
    return config_error_hint(e, "\"%.100s\" is not %s", node->args[index].p, kind);
}

bool config_arg_flag(const struct config_node *node, size_t index, bool *out,
                     struct config_error *e)
{
    if (!has_arg(node, index, e))
        return false;
    *out = slice_ieq(node->args[index], SLICE("on"));
    if (*out || slice_ieq(node->args[index], SLICE("off")))
        return true;
    return config_node_error(node, e,
                             "invalid value \"%.500s\" in \"%s\" directive, it must be \"on\" or "
                             "\"off\"",
                             node->args[index].p, node->name.p);
}

bool config_arg_int(const struct config_node *node, size_t index, int64_t *out,
                    struct config_error *e)
{
    if (!has_arg(node, index, e))
        return false;
    return num_parse_u63(node->args[index], out) ||
           refuse(node, index, "invalid number", "a number", e);
}

bool config_arg_size(const struct config_node *node, size_t index, int64_t *out,
                     struct config_error *e)
{
    if (!has_arg(node, index, e))
        return false;
    return num_parse_size(node->args[index], out) ||
           refuse(node, index, "invalid value", "a size such as 512, 8k or 1m", e);
}

bool config_arg_time(const struct config_node *node, size_t index, int64_t *out,
                     struct config_error *e)
{
    if (!has_arg(node, index, e))
        return false;
    return num_parse_msec(node->args[index], out) ||
           refuse(node, index, "invalid value", "a time such as 500ms, 60s or 1h30m", e);
}

static void hint_choices(const struct config_node *node, const char *const *choices,
                         struct config_error *e)
{
    struct buf list = BUF_EMPTY;

    for (size_t i = 0; choices[i]; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", choices[i]);
    config_error_hint(e, "\"%s\" takes %s", node->name.p, buf_cstr(&list));
    buf_free(&list);
}

bool config_arg_enum(const struct config_node *node, size_t index, const char *const *choices,
                     int *out, struct config_error *e)
{
    if (!has_arg(node, index, e))
        return false;
    for (int i = 0; choices[i]; i++) {
        if (slice_eq(node->args[index], slice_str(choices[i]))) {
            *out = i;
            return true;
        }
    }
    config_node_error(node, e, "invalid value \"%.500s\"", node->args[index].p);
    hint_choices(node, choices, e);
    return false;
}

bool config_arg_refuse(const struct config_node *node, struct slice word, struct config_error *e)
{
    return config_node_error(node, e, "invalid parameter \"" SLICE_FMT "\"", SLICE_ARG(word));
}
