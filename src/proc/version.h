/* What -v and -V say. */
#ifndef PROC_VERSION_H
#define PROC_VERSION_H

#include "base/base.h"
#include "base/buf.h"

/* Appends the line of -v; with `all` what -V adds. */
void version_text(bool all, struct buf *out);

#endif
