/* Finds a delimiter in bytes that come in pieces, looking at each byte once: the automaton of
 * Knuth, Morris and Pratt.
 *
 * The automaton does not change while it is used; where a search stands is one number of the
 * caller's. */
#ifndef PROTO_DELIMITER_H
#define PROTO_DELIMITER_H

#include "base/slice.h"

struct delimiter {
    uint32_t n; /* length of the pattern */
    const unsigned char *pattern;
    uint32_t next[]; /* next[i]: how much still matches when byte i does not */
};

/* Bytes that delimiter_init needs for a pattern of `n` bytes. */
size_t delimiter_size(size_t n);

/* Builds the automaton in `memory` (delimiter_size bytes, aligned for pointers); the pattern is
 * copied into it. It must not be empty. */
struct delimiter *delimiter_init(void *memory, struct slice pattern);

/* Goes over `in`; *matched_inout is how many bytes of the pattern the bytes before end with (0 at
 * the start). True: the pattern ends behind *used_out bytes of `in`, and *matched_inout is 0 again.
 * False: all of `in` was used. */
bool delimiter_find(const struct delimiter *d, struct slice in, uint32_t *matched_inout,
                    size_t *used_out);

#endif
