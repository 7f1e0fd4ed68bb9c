/* A regex with its match data, so that matching allocates nothing. Offsets are handed out as ints,
 * in one vector for all. */
#include "app/lua/ffi_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"

enum { GROUPS_MOST = 512, WORKSPACE = 1000, STACK_LEAST = 32 * 1024 };

struct ffi_regex {
    pcre2_code *code;
    pcre2_match_data *data;
    uint32_t groups, names, name_size;
    PCRE2_SPTR name_table;
    uint32_t match_options;
    bool is_machine_code;
};

static pcre2_match_context *limits; /* process-wide: of every match; NULL: PCRE's own */
static pcre2_jit_stack *stack;      /* process-wide: of every match; NULL: PCRE's own */

static int vector[2 * GROUPS_MOST]; /* process-wide: offsets of the last match */

static uint32_t options_of(unsigned flags)
{
    static const struct {
        unsigned flag;
        uint32_t option;
    } table[] = {
        {FFI_REGEX_CASELESS, PCRE2_CASELESS},
        {FFI_REGEX_MULTILINE, PCRE2_MULTILINE},
        {FFI_REGEX_DOTALL, PCRE2_DOTALL},
        {FFI_REGEX_EXTENDED, PCRE2_EXTENDED},
        {FFI_REGEX_ANCHORED, PCRE2_ANCHORED},
        {FFI_REGEX_DOLLAR_ENDONLY, PCRE2_DOLLAR_ENDONLY},
        {FFI_REGEX_UTF, PCRE2_UTF},
        {FFI_REGEX_DUPNAMES, PCRE2_DUPNAMES},
        {FFI_REGEX_JAVASCRIPT, PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF},
    };
    uint32_t options = 0;

    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (flags & table[i].flag)
            options |= table[i].option;
    return options;
}

static pcre2_match_context *own_limits(void)
{
    if (!limits)
        limits = pcre2_match_context_create(NULL);
    CHECK(limits);
    return limits;
}

void ffi_regex_limit(unsigned backtracks)
{
    uint32_t usual;

    pcre2_config(PCRE2_CONFIG_MATCHLIMIT, &usual);
    pcre2_set_match_limit(own_limits(), backtracks ? backtracks : usual);
}

int ffi_regex_stack(size_t size)
{
    pcre2_jit_stack *new = pcre2_jit_stack_create(MIN(size, (size_t)STACK_LEAST), size, NULL);

    if (!new)
        return -1;
    pcre2_jit_stack_assign(own_limits(), NULL, new);
    pcre2_jit_stack_free(stack);
    stack = new;
    return 0;
}

struct ffi_regex *ffi_regex_compile(const char *pattern, size_t n, unsigned flags,
                                    char message[128], size_t *at)
{
    int error;
    PCRE2_SIZE offset;
    struct ffi_regex *re;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, n, options_of(flags), &error, &offset, NULL);

    if (!code) {
        pcre2_get_error_message(error, (PCRE2_UCHAR *)message, 128);
        *at = offset;
        return NULL;
    }
    re = mem_new(struct ffi_regex);
    re->code = code;
    re->data = pcre2_match_data_create_from_pattern(code, NULL);
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &re->groups);
    pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &re->names);
    pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &re->name_size);
    pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &re->name_table);
    if (flags & FFI_REGEX_NO_UTF_CHECK)
        re->match_options = PCRE2_NO_UTF_CHECK;
    re->is_machine_code = flags & FFI_REGEX_JIT && pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
    if (re->is_machine_code)
        log_write(NULL, LOG_DEBUG, "pcre2 JIT compiled successfully");
    return re;
}

int ffi_regex_is_told(const struct ffi_regex *re)
{
    return re->is_machine_code && log_is_on(NULL, LOG_DEBUG);
}

void ffi_regex_tell(const struct ffi_regex *re)
{
    CHECK(re->is_machine_code);
    log_write(NULL, LOG_DEBUG, "a pattern is used that is known: pcre2 JIT compiled successfully");
}

void ffi_regex_free(struct ffi_regex *re)
{
    pcre2_match_data_free(re->data);
    pcre2_code_free(re->code);
    mem_free(re);
}

int ffi_regex_groups(const struct ffi_regex *re)
{
    return (int)MIN(re->groups, (uint32_t)GROUPS_MOST - 1);
}

const char *ffi_regex_name(const struct ffi_regex *re, int i, int *group)
{
    PCRE2_SPTR entry = re->name_table + (size_t)i * re->name_size;

    if (i < 0 || (uint32_t)i >= re->names)
        return NULL;
    *group = entry[0] << 8 | entry[1];
    return (const char *)entry + 2;
}

int ffi_regex_match(const struct ffi_regex *re, const char *subject, size_t n, size_t from,
                    int is_dfa)
{
    static int workspace[WORKSPACE]; /* process-wide: scratch of pcre2_dfa_match */
    const PCRE2_SIZE *found;
    int rc, pairs;

    if (is_dfa)
        rc = pcre2_dfa_match(re->code, (PCRE2_SPTR)subject, n, from, re->match_options, re->data,
                             NULL, workspace, WORKSPACE);
    else
        rc = pcre2_match(re->code, (PCRE2_SPTR)subject, n, from, re->match_options, re->data,
                         limits);
    if (rc < 0)
        return rc;
    if (is_dfa)
        rc = 1;
    pairs = MIN(rc, GROUPS_MOST);
    found = pcre2_get_ovector_pointer(re->data);
    for (int i = 0; i < 2 * pairs; i++)
        vector[i] = found[i] == PCRE2_UNSET ? -1 : (int)found[i];
    return pairs;
}

const int *ffi_regex_vector(void)
{
    return vector;
}
