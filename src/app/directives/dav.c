/* What clients may do to the files of a location. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/files/dav.h"
#include "app/files/static_step.h"
#include "proto/method.h"

#define GROUP      "Files"
#define CTX_LEVELS CTX_HTTP_ALL

static struct dav_conf *own(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, dav), sizeof(struct dav_conf),
                        &dav_defaults);
}

static bool set_methods(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const uint8_t all[] = {METHOD_PUT, METHOD_DELETE, METHOD_MKCOL, METHOD_COPY,
                                  METHOD_MOVE};
    struct apply *a = ctx;
    struct dav_conf *c = own(a);

    c->methods = 0;
    for (size_t i = 0; i < node->n_args; i++) {
        size_t k = 0;

        if (node->n_args == 1 && slice_eq(node->args[i], SLICE("off")))
            break;
        while (k < ARRAY_LEN(all) && !slice_ieq(node->args[i], method_name(all[k])))
            k++;
        if (k == ARRAY_LEN(all))
            return config_node_error(node, e, "invalid value \"%.200s\"", node->args[i].p);
        c->methods |= UINT64_C(1) << all[k];
    }
    a->loc->default_content = c->methods ? dav_step_content : static_step_content;
    return true;
}

static bool set_access(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_file_mode(node, &own(ctx)->file_mode, e);
}

static bool set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own(ctx), node, e);
}

static bool set_depth(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_number(own(ctx), node, e);
}

static const struct directive table[] = {
    {.name = "dav_methods",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "dav_methods off | method ...;",
     .default_text = "dav_methods off;",
     .doc = "What clients may do to files: `PUT`, `DELETE`, `MKCOL`, `COPY`, `MOVE` (RFC 4918). A "
            "file that is put appears under its name once it is whole. Symbolic links are removed "
            "and moved as such, never followed; copies leave them out. A file that was copied or "
            "moved is 204, a directory 201, as in nginx. The root of a location is "
            "neither deleted nor moved. Say who may do that, by `auth_basic` or the like.",
     .apply = set_methods},
    {.name = "dav_access",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 3,
     .group = GROUP,
     .syntax = "dav_access user:rw | group:r | all:r ...;",
     .default_text = "dav_access user:rw;",
     .doc = "Permissions of new files, `r` or `rw` each; who may read may enter new directories.",
     .apply = set_access},
    DIRECTIVE_FLAG("create_full_put_path", CTX_LEVELS, "off",
                   offsetof(struct dav_conf, creates_full_path),
                   "Whether directories are made that are missing for a file or directory that is "
                   "put, copied or moved.",
                   set_flag),
    DIRECTIVE_SETTING("min_delete_depth", CTX_LEVELS, ARG_NUMBER, "number", "0",
                      offsetof(struct dav_conf, least_depth),
                      "Slashes that the URI of a `DELETE` must have.", set_depth),
};

void directives_dav_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
