/* The functions of app/variables/set_misc.c for Lua. */
#include "app/lua/ffi_set_misc.h"

#include "app/variables/set_misc.h"

enum {
    KEPT = 4096, /* room that is kept between two calls */
};

static struct buf made; /* process-wide: what the last call made */

static const struct set_misc *find(const char *name, size_t n)
{
    const struct set_misc *m = set_misc_find(slice_of(name, n));

    return m && m->n <= 1 && m->form != SET_MISC_OWN ? m : NULL;
}

int ffi_set_misc_is_there(const char *name, size_t n)
{
    return find(name, n) != NULL;
}

int ffi_set_misc_make(const char *name, size_t n, const char *text, size_t text_n,
                      struct ffi_str *out)
{
    const struct set_misc *m = find(name, n);
    struct slice value = slice_of(text, text_n);

    if (made.size > KEPT)
        buf_free(&made);
    made.n = 0;
    if (!m || !m->make(&value, &made))
        return FFI_NGX_NONE;
    out->p = made.p ? made.p : "";
    out->n = made.n;
    return FFI_NGX_OK;
}
