/* Errors of a configuration: filling and printing them.
 *
 * The struct has fixed room so that it can be kept after the tree is gone and needs no freeing;
 * long messages are cut. The wording belongs to the callers; only the place (`in file:line`, `in
 * command line`) is made here. */
#include "config/config_error.h"

#include <stdarg.h>
#include <stdio.h>

bool config_error_set(struct config_error *e, const char *file, unsigned line, const char *fmt, ...)
{
    va_list ap;

    snprintf(e->file, sizeof(e->file), "%s", file ? file : "");
    e->line = line;
    e->hint[0] = '\0';
    va_start(ap, fmt);
    vsnprintf(e->message, sizeof(e->message), fmt, ap);
    va_end(ap);
    return false;
}

bool config_error_hint(struct config_error *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
    va_end(ap);
    return false;
}

static void add_place(const struct config_error *e, struct buf *out)
{
    buf_add_slice(out, slice_str(e->file));
    if (e->line) {
        buf_add_char(out, ':');
        buf_add_int(out, e->line);
    }
}

void config_error_format(const struct config_error *e, enum config_error_style style,
                         struct buf *out)
{
    bool has_place = e->file[0] != '\0';

    if (has_place && style == CONFIG_ERROR_COMPILER) {
        add_place(e, out);
        buf_add_lit(out, ": ");
    }
    buf_add_slice(out, slice_str(e->message));
    if (has_place && style == CONFIG_ERROR_NGINX) {
        buf_add_lit(out, " in ");
        add_place(e, out);
    }
    if (e->hint[0]) {
        buf_add_lit(out, "; ");
        buf_add_slice(out, slice_str(e->hint));
    }
}
