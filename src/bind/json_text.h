/* Numbers and strings as JSON (RFC 8259). */
#ifndef BIND_JSON_TEXT_H
#define BIND_JSON_TEXT_H

#include "base/buf.h"

/* Appends a number: an integer up to 2^53 as it is, any other with at most 14 significant digits.
 * NULL, or what is wrong. */
const char *json_text_number(double d, struct buf *out);

/* Appends a string in quotes; bytes that are not UTF-8 become U+FFFD. `before` and `after`: one
 * byte each around it; 0: none. */
void json_text_string(struct slice s, struct buf *out, char before, char after);

#endif
