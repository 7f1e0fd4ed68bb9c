/* Strings that take the place of others in a text that comes in pieces. Pure.
 *
 * Of strings that begin at the same place the first in the list counts; what has taken a place is
 * not looked at again. Case does not matter. */
#ifndef PROTO_REPLACE_H
#define PROTO_REPLACE_H

#include "base/buf.h"
#include "base/slice.h"

struct replace_pair {
    struct slice from; /* not empty; in small letters */
    struct slice to;
    bool is_done; /* it is left alone from now on */
};

struct replace {
    struct replace_pair *pairs;
    unsigned n;
    bool is_once;     /* each string is replaced the first time only */
    struct buf held;  /* may be the beginning of one of the strings */
    bool begins[256]; /* by byte: one of the strings does so */
};

/* Prepares for a text. The pairs are borrowed. */
void replace_init(struct replace *r, struct replace_pair *pairs, unsigned n, bool is_once);

/* Takes a piece and appends to `out` what it has become; `is_last`: nothing follows. */
void replace_feed(struct replace *r, struct slice in, bool is_last, struct buf *out);

/* Frees what is held back. */
void replace_free(struct replace *r);

#endif
