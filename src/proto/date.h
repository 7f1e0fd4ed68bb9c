/* HTTP dates (RFC 9110 section 5.6.7). */
#ifndef PROTO_DATE_H
#define PROTO_DATE_H

#include "base/slice.h"

enum { DATE_SIZE = 29 };

/* Writes an IMF-fixdate (29 bytes, not terminated) of seconds since 1970. */
void date_format(char out[DATE_SIZE], int64_t seconds);

/* Reads the three forms a recipient must take (IMF-fixdate, RFC 850, asctime); false when it is
 * none. */
bool date_parse(struct slice s, int64_t *seconds_out);

#endif
