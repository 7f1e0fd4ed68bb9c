/* UTF-8 read in pieces (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/base.h"
#include "base/slice.h"

/* What is known after the bytes read so far; all zero at the beginning. */
struct utf8 {
    uint8_t left;     /* continuation bytes that the current character still wants */
    uint8_t low, top; /* what the next one of them may be */
};

/* Reads on. False at the first byte that cannot stand where it stands; the state is of no use then.
 */
bool utf8_read(struct utf8 *u, struct slice s);

/* May the text end here? */
static inline bool utf8_is_complete(const struct utf8 *u)
{
    return u->left == 0;
}

/* Is this text, whole? */
bool utf8_is_valid(struct slice s);

/* Bytes of the character at the front of `s`, which is not empty. When it is none, *is_valid is
 * false and the result covers what one U+FFFD replaces (Unicode 15, section 3.9). */
size_t utf8_take(struct slice s, bool *is_valid);

#endif
