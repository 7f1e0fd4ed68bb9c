/* Compression as a location has it configured: which responses go through http/filter_compress. */
#ifndef APP_COMPRESS_H
#define APP_COMPRESS_H

#include "app/visit.h"
#include "http/filter_compress.h"

struct compress_conf {
    struct compress_settings settings;
    struct regex **disabled; /* user agents that get nothing compressed; NULL-ended, may be NULL */
};

/* What holds where nothing is said: no compression. */
extern const struct compress_conf compress_conf_default;

/* Puts the filter into the chain when the location of `v` compresses. Only before the response
 * starts. */
void compress_add(struct visit *v);

#endif
