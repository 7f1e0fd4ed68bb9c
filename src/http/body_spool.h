/* A whole request body in memory, or in a temporary file when it is larger than body_buffer_size.
 */
#ifndef HTTP_BODY_SPOOL_H
#define HTTP_BODY_SPOOL_H

#include "http/exchange.h"

struct body_spool {
    struct buf memory; /* the body, when fd < 0 */
    int fd;            /* -1, or the temporary file */
    char *path;        /* of the file, in the exchange's pool; it is removed with the exchange */
    bool keeps_file;   /* then: it is not */
    int64_t size;
    enum body_result state; /* BODY_WAIT until complete: then BODY_END or BODY_FAILED */
    void (*on_complete)(struct exchange *x, struct body_spool *s);
    void *user;
};

/* Reads the whole body of `x` into a spool in x's pool (the same one when asked again). When it is
 * complete on return (state != BODY_WAIT) no callback follows; otherwise `fn` is called from the
 * loop. Uses x->user.on_body meanwhile. `user` is stored. A CONNECT has none: the spool is empty.
 */
struct body_spool *body_spool_start(struct exchange *x,
                                    void (*fn)(struct exchange *x, struct body_spool *s),
                                    void *user);

/* An empty one, complete, in place of the one that `x` has, or where somebody else has read the
 * body: another is put in its place. The file of the one before is removed, who still reads it has
 * it open. */
struct body_spool *body_spool_empty(struct exchange *x);

/* Moves what is in memory to a temporary file, where the rest of the body will go too. Only while
 * there is none. */
const struct err *body_spool_to_file(struct exchange *x, struct body_spool *s) MUST_USE;

#endif
