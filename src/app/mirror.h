/* mirror: the same request once more, to another location, for nobody. */
#ifndef APP_MIRROR_H
#define APP_MIRROR_H

#include "app/location.h"

struct mirror_target {
    struct slice path;
    struct mirror_target *next;
};

/* What the directives of a level say. */
struct mirror_conf {
    struct mirror_target *targets;
    bool has_body, is_off;
};

/* What holds where nothing is said. */
extern const struct mirror_conf mirror_defaults;

/* The step: begins the subrequests, and goes on. */
enum step_result mirror_step(struct visit *v, const struct step *s);

#endif
