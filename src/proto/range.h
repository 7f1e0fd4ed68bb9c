/* Range requests and conditions (RFC 9110 sections 13 and 14). */
#ifndef PROTO_RANGE_H
#define PROTO_RANGE_H

#include "base/slice.h"
#include "proto/header.h"
#include "proto/method.h"

struct range {
    int64_t first, size;
};

enum range_result {
    RANGE_NONE,          /* no Range, malformed, not bytes, or of nothing: send the whole */
    RANGE_SOME,          /* `out` holds n ranges */
    RANGE_UNSATISFIABLE, /* 416 */
};

/* Reads a Range value against a representation of `size` bytes. More than `most` ranges, or
 * overlapping ones whose sum exceeds `size`, count as NONE (section 14.2 allows to ignore). */
enum range_result range_parse(struct slice value, int64_t size, struct range *out, unsigned most,
                              unsigned *n_out);

/* Reads a Content-Range of bytes whose whole size is told: "bytes 0-99/1000". False: it is none. */
bool range_parse_content(struct slice value, struct range *out, int64_t *total_out);

/* Evaluates If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since in the order of
 * section 13.2.2. `etag` may be empty, `mtime` -1. Returns 0 (go on), 304 or 412. `exact_mtime`:
 * If-Modified-Since must be equal (nginx's `exact`), else "not newer". */
int range_check_conditions(const struct header_list *request, enum method method, struct slice etag,
                           int64_t mtime, bool exact_mtime);

/* Does If-Range allow a partial answer (section 13.1.5: strong ETag or exact date)? True when there
 * is no If-Range. */
bool range_if_range_holds(const struct header_list *request, struct slice etag, int64_t mtime);

#endif
