/* The configuration reader: any text ends in a tree or in an error; a tree that is written out
 * again in quotes reads back as the same tree. Input: text of -g, a NUL, text of the file; or the
 * file alone. `include` is kept out, so that no file of the machine is opened. */
#include "base/check.h"
#include "config/schema_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {"all", "any", NULL};

static const struct directive table[] = {
    {.name = "http", .contexts = CTX_MAIN, .flags = DIRECTIVE_BLOCK, .opens = CTX_HTTP},
    {.name = "location",
     .contexts = CTX_HTTP | CTX_LOCATION,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_LOCATION,
     .min_args = 1,
     .max_args = 2},
    {.name = "types", .contexts = CTX_ANY, .flags = DIRECTIVE_FREE},
    {.name = "content_by_lua_block", .contexts = CTX_LOCATION, .flags = DIRECTIVE_LUA},
    {.name = "script", .contexts = CTX_ANY, .flags = DIRECTIVE_LUA | DIRECTIVE_REPEATS},
    {.name = "nodelay", .contexts = CTX_ANY, .max_args = 1, .kinds = {ARG_FLAG}},
    {.name = "buffers", .contexts = CTX_ANY, .max_args = 9, .kinds = {ARG_NUMBER, ARG_SIZE}},
    {.name = "timeout",
     .contexts = CTX_ANY,
     .flags = DIRECTIVE_SAME | DIRECTIVE_VARS,
     .max_args = ARGS_MANY,
     .kinds = {ARG_TIME}},
    {.name = "satisfy", .contexts = CTX_ANY, .max_args = 1, .kinds = {ARG_ENUM}, .choices = words},
};

static void write_word(struct slice s, struct buf *out)
{
    buf_add_lit(out, " \"");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, s.p[i]);
    }
    buf_add_char(out, '"');
}

static void write_children(const struct config_node *parent, struct buf *out)
{
    for (const struct config_node *n = parent->children; n; n = n->next) {
        write_word(n->name, out);
        for (size_t i = 0; i < n->n_args; i++)
            write_word(n->args[i], out);
        if (n->content == CONFIG_SIMPLE) {
            buf_add_lit(out, ";\n");
            continue;
        }
        buf_add_lit(out, "{");
        buf_add_slice(out, n->lua);
        write_children(n, out);
        buf_add_lit(out, "}\n");
    }
}

/* Loads and writes; false when there was an error, which is printed. */
static bool rewrite(const struct config_source *src, struct buf *out)
{
    struct config_tree tree;
    struct config_error e;
    bool ok = config_load(&tree, src, &e);

    if (ok)
        write_children(&tree.root, out);
    else
        config_error_format(&e, CONFIG_ERROR_NGINX, out);
    config_free(&tree);
    return ok;
}

static void check_rewriting(const struct config_source *first)
{
    struct buf once = BUF_EMPTY, twice = BUF_EMPTY;

    if (rewrite(first, &once)) {
        struct config_source again = {.path = "f", .text = buf_slice(&once)};

        again.on_node = first->on_node;
        CHECK(rewrite(&again, &twice));
        CHECK(slice_eq(buf_slice(&once), buf_slice(&twice)));
    }
    buf_free(&once);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_registered; /* process-wide: the registry is filled once */
    struct slice text = slice_of((const char *)data, size);
    struct config_source src = {.path = "f", .text = text};
    char directives[256];
    ssize_t cut = slice_find(text, '\0');

    if (memmem(data, size, "include", 7))
        return 0;
    if (!is_registered)
        schema_register(table, ARRAY_LEN(table));
    is_registered = true;
    if (cut >= 0 && (size_t)cut < sizeof(directives)) {
        memcpy(directives, data, (size_t)cut + 1);
        src.directives = directives;
        src.text = slice_from(text, (size_t)cut + 1);
    }
    check_rewriting(&src);
    src.on_node = schema_check_node;
    check_rewriting(&src);
    return 0;
}
