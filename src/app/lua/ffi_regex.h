/* PCRE2 for ngx.re by LuaJIT's FFI (lua/ngx/api/native.lua declares the same). Plain C that never
 * enters Lua. */
#ifndef APP_LUA_FFI_REGEX_H
#define APP_LUA_FFI_REGEX_H

#include <stddef.h>

struct ffi_regex;

enum ffi_regex_flag {
    FFI_REGEX_CASELESS = 1,
    FFI_REGEX_MULTILINE = 2,
    FFI_REGEX_DOTALL = 4,
    FFI_REGEX_EXTENDED = 8,
    FFI_REGEX_ANCHORED = 16,
    FFI_REGEX_DOLLAR_ENDONLY = 32,
    FFI_REGEX_UTF = 64,
    FFI_REGEX_NO_UTF_CHECK = 128,
    FFI_REGEX_DUPNAMES = 256,
    FFI_REGEX_JAVASCRIPT = 512,
    FFI_REGEX_JIT = 1024,
};

enum { FFI_REGEX_NO_MATCH = -1 };

/* How often one match may backtrack from now on; 0: as often as PCRE allows by itself. */
void ffi_regex_limit(unsigned backtracks);

/* Room that compiled patterns have for a match from now on, in place of 32 KiB. 0, or -1 without
 * memory. */
int ffi_regex_stack(size_t size);

/* Compiles; NULL on a bad pattern, with the reason in `message` and its place in *at. Freed by
 * ffi_regex_free. */
struct ffi_regex *ffi_regex_compile(const char *pattern, size_t n, unsigned flags,
                                    char message[128], size_t *at);

/* Is it to be told of when it is used again? When it became machine code and debug lines are
 * written; 1 or 0. */
int ffi_regex_is_told(const struct ffi_regex *re);

/* A debug line: it is used again as it was compiled. */
void ffi_regex_tell(const struct ffi_regex *re);

/* Frees. */
void ffi_regex_free(struct ffi_regex *re);

/* Number of groups, the whole match not counted. */
int ffi_regex_groups(const struct ffi_regex *re);

/* Name number `i` from 0 and the group it is of; NULL behind the last. */
const char *ffi_regex_name(const struct ffi_regex *re, int i, int *group);

/* Matches from byte `from` on. The number of groups set + 1, FFI_REGEX_NO_MATCH, or another
 * negative number on failure. Pairs of offsets are in ffi_regex_vector (-1: the group took no
 * part). `is_dfa`: by the other algorithm, longest match, no groups. */
int ffi_regex_match(const struct ffi_regex *re, const char *subject, size_t n, size_t from,
                    int is_dfa);

/* The offsets of the last match of any regex. */
const int *ffi_regex_vector(void);

#endif
