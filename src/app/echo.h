/* echo: a constant or computed text as the answer, for tests and for trying things out. */
#ifndef APP_ECHO_H
#define APP_ECHO_H

#include "app/location.h"

/* One directive: words joined by spaces. Lives as long as the configuration. */
struct echo_line {
    struct script **words;
    unsigned n;
    bool has_newline;
    struct echo_line *next;
};

/* The step; arg is a struct echo_line **: the first of the block's lines. Answers with all of them
 * in order, as one stream without a length. */
enum step_result echo_step(struct visit *v, const struct step *s);

#endif
