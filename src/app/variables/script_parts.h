/* What a compiled script looks like inside: for script.c, which evaluates, and script_compile.c,
 * which makes it. */
#ifndef APP_VARIABLES_SCRIPT_PARTS_H
#define APP_VARIABLES_SCRIPT_PARTS_H

#include "app/variables/script.h"

struct script_part {
    const struct variable *variable; /* NULL: the text */
    struct slice text;
};

struct script {
    unsigned n; /* parts; 0: constant */
    struct slice constant;
    struct script_part parts[];
};

#endif
