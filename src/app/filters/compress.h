/* Compression as a location has it configured: which responses go through http/filter_compress and
 * http/filter_gunzip, and where files lie compressed already. */
#ifndef APP_FILTERS_COMPRESS_H
#define APP_FILTERS_COMPRESS_H

#include "app/visit.h"
#include "http/filter_compress.h"

/* Files that are compressed already: sent to those who take the coding, or to everybody. */
enum packed { PACKED_OFF, PACKED_ON, PACKED_ALWAYS };

struct compress_conf {
    struct compress_settings settings;
    struct regex **disabled; /* user agents that get nothing compressed; NULL-ended, may be NULL */
    enum packed packed[CODING_COUNT];
    bool has_packed; /* one of them is not off */
    bool has_gunzip; /* decode for clients that do not take the coding of a response */
};

/* What holds where nothing is said: no compression. */
extern const struct compress_conf compress_conf_default;

/* Is the user agent of the request one that gets nothing compressed? */
bool compress_is_disabled(const struct visit *v);

/* Puts the filter that decodes into the chain, if the location of `v` asks for it. Only before the
 * response starts. */
void compress_add_gunzip(struct visit *v);

/* The same with those that compress. */
void compress_add(struct visit *v);

#endif
