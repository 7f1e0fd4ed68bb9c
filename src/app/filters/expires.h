/* expires: what an answer says of how long it may be kept. */
#ifndef APP_FILTERS_EXPIRES_H
#define APP_FILTERS_EXPIRES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct script;
struct visit;

enum expires_kind {
    EXPIRES_OFF,
    EXPIRES_EPOCH,
    EXPIRES_MAX,
    EXPIRES_SECONDS,
    EXPIRES_MODIFIED,
    EXPIRES_DAILY
};

struct expires {
    enum expires_kind kind;
    int64_t seconds;
    struct script *value; /* with variables; NULL: the fields above hold */
    bool is_modified;     /* times count from the last modification */
};

/* Reads "off", "epoch", "max", "[+-]time" or "@time of day"; of `x` is_modified is given. False: it
 * is none of these. */
bool expires_parse(struct expires *x, struct slice value);

/* Sets Expires and Cache-Control of the answer. */
void expires_apply(struct visit *v);

#endif
