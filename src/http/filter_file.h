/* The filter that makes bytes of files, for filters behind it that change the body. A file is read
 * a part at a time, as the client takes what became of it; what is written meanwhile waits. */
#ifndef HTTP_FILTER_FILE_H
#define HTTP_FILTER_FILE_H

#include "http/exchange.h"

/* Puts it before all filters, once. For a filter's `head`, which then knows that its `body` gets
 * bytes only, and sooner. */
void filter_file_add(struct exchange *x);

#endif
