/* Random bytes from the kernel, buffered; fit for identifiers and keys. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include "base/base.h"

/* Fills `out`. Never fails (panics when the kernel has none). */
void rand_bytes(void *out, size_t n);

/* 64 random bits. */
uint64_t rand_u64(void);

/* Forgets buffered bytes: to be called in a child after fork. */
void rand_after_fork(void);

#endif
