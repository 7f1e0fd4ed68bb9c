/* Texts made of texts: what set_md5, set_unescape_uri and their kin do to the value of a variable,
 * and what `ndk.set_var` offers to Lua. */
#ifndef APP_VARIABLES_SET_MISC_H
#define APP_VARIABLES_SET_MISC_H

#include "base/buf.h"
#include "base/slice.h"

enum set_misc_form {
    SET_MISC_VALUE, /* $variable [value]: of a value, by default of the variable's own */
    SET_MISC_MANY,  /* $variable value …: of so many values */
    SET_MISC_OWN,   /* $variable value …: the same, the variable's own value comes first */
};

struct set_misc {
    const char *name;
    enum set_misc_form form;
    unsigned n; /* values that it takes */
    /* Appends what it makes of them. False: it makes nothing of such values. */
    bool (*make)(const struct slice *values, struct buf *out);
    const char *syntax, *about; /* for the reference */
};

/* Ends with an entry without a name. */
extern const struct set_misc set_misc_table[];

/* The one of that name; NULL: there is none. */
const struct set_misc *set_misc_find(struct slice name);

#endif
