/* Compiling strings with variables: text is cut at each `$` into parts, and names become variables
 * of the table.
 *
 * `$name` takes letters, digits and underscores; `${name}` the same between braces; `$1` to `$9`
 * exactly one digit. A `$` before anything else is an error, as there is no way to write one in
 * nginx's syntax. Names that nobody has defined yet are taken on trust: variable_table_check
 * reports them when the whole configuration has been read. */
#include "app/variables/script.h"

#include "app/variables/script_parts.h"

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t name_length(struct slice s)
{
    size_t n = 0;

    while (n < s.n && is_name_char(s.p[n]))
        n++;
    return n;
}

/* `rest` begins behind "${". */
static int take_braced(struct pool *pool, struct slice *rest, struct slice *name_out,
                       struct slice *error_out)
{
    size_t n = name_length(*rest);

    *name_out = slice_of(rest->p, n);
    if (n == rest->n || rest->p[n] != '}') {
        *error_out =
            pool_printf(pool, "the closing bracket in \"" SLICE_FMT "\" variable is missing",
                        SLICE_ARG(*name_out));
        return -1;
    }
    *rest = slice_from(*rest, n + 1);
    return 1;
}

int script_next_part(struct pool *pool, struct slice *rest, struct slice *text_out,
                     struct slice *name_out, struct slice *error_out)
{
    ssize_t dollar = slice_find(*rest, '$');
    int result = 1;

    *text_out = *name_out = (struct slice){NULL, 0};
    if (rest->n == 0)
        return 0;
    if (dollar != 0) {
        *text_out = slice_of(rest->p, dollar < 0 ? rest->n : (size_t)dollar);
        *rest = slice_from(*rest, text_out->n);
        return 1;
    }
    *rest = slice_from(*rest, 1);
    if (rest->n > 0 && rest->p[0] == '{') {
        *rest = slice_from(*rest, 1);
        result = take_braced(pool, rest, name_out, error_out);
    } else {
        bool is_capture = rest->n > 0 && rest->p[0] >= '1' && rest->p[0] <= '9';

        *name_out = slice_of(rest->p, is_capture ? 1 : name_length(*rest));
        *rest = slice_from(*rest, name_out->n);
    }
    if (result > 0 && name_out->n == 0) {
        *error_out = SLICE("invalid variable name");
        return -1;
    }
    return result;
}

/* Each `$` makes at most one variable and one text behind it. */
static size_t count_parts(struct slice text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '$' ? 2 : 0;
    return n;
}

bool script_compile(struct variable_table *t, struct slice text, struct script **out,
                    struct slice *error_out)
{
    struct slice rest = text, piece, name;
    struct script *s;
    int result;

    *out = NULL;
    if (text.n == 0)
        return true;
    if (slice_find(text, '$') < 0) {
        *out = script_literal(t->pool, text);
        return true;
    }
    s = pool_zalloc(t->pool, sizeof(*s) + count_parts(text) * sizeof(s->parts[0]));
    while ((result = script_next_part(t->pool, &rest, &piece, &name, error_out)) > 0) {
        struct script_part *part = &s->parts[s->n++];

        if (name.p)
            part->variable = variable_refer(t, name);
        else
            part->text = pool_dup(t->pool, piece);
    }
    *out = s;
    return result == 0;
}
