/* What every file may assume: the standard types and a handful of macros. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_LEN(a)                    (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define LIKELY(x)                       __builtin_expect(!!(x), 1)
#define UNLIKELY(x)                     __builtin_expect(!!(x), 0)
#define MIN(a, b)                       ((a) < (b) ? (a) : (b))
#define MAX(a, b)                       ((a) > (b) ? (a) : (b))
#define PRINTF_LIKE(fmt, first)         __attribute__((format(printf, fmt, first)))
#define NORETURN                        __attribute__((noreturn))
#define MUST_USE                        __attribute__((warn_unused_result))
#define UNUSED(x)                       (void)(x)

#endif
