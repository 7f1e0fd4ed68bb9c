/* Classes of bytes that the grammars of RFC 9110, 9112 and 3986 are made of. */
#ifndef PROTO_GRAMMAR_H
#define PROTO_GRAMMAR_H

#include "base/slice.h"

enum {
    GRAMMAR_TOKEN = 1, /* tchar, RFC 9110 section 5.6.2 */
    GRAMMAR_VALUE = 2, /* of a field value: tab, visible, space, >= 0x80; section 5.5 */
    GRAMMAR_HOST = 4,  /* unreserved and sub-delims, RFC 3986 section 2 */
    GRAMMAR_HEX = 8,
    GRAMMAR_DIGIT = 16,
    GRAMMAR_ALPHA = 32,
    GRAMMAR_PLAIN = 64,  /* of a path, those that only stand for themselves: not / % ? # */
    GRAMMAR_LABEL = 128, /* of a host, what may stand between two dots, but for escapes */
};

extern const uint8_t grammar_classes[256];

/* Is `c` in one of these classes? */
static inline bool grammar_is(char c, unsigned classes)
{
    return (grammar_classes[(unsigned char)c] & classes) != 0;
}

/* How many bytes at the front of `s` are in one of these classes. */
size_t grammar_span(struct slice s, unsigned classes);

/* The same for GRAMMAR_VALUE. Fast: for field values. */
size_t grammar_span_value(struct slice s);

/* How many bytes at the front of `s` are neither controls nor space nor DEL. Fast: for request
 * targets. */
size_t grammar_span_visible(struct slice s);

/* The value of a hexadecimal digit, or -1. */
int grammar_hex(char c);

#endif
