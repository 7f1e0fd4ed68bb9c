/* Regular expressions of the configuration, by PCRE2 with its JIT.
 *
 * A pattern is compiled once, freed with its pool, and matched any number of times. Matching
 * allocates nothing: the process has one block of match data, one match context and one stack for
 * the JIT, made with the first pattern. That is safe because a match never calls back into Lua or
 * the loop. Patterns see bytes; one that begins with (*UTF) goes by the checked entry, since the
 * JIT's own trusts its input to be valid UTF-8. */
#include "app/variables/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/check.h"

enum { JIT_STACK_LEAST = 32 * 1024, JIT_STACK_MOST = 1024 * 1024, BACKTRACKS_MOST = 1000000 };

struct regex {
    pcre2_code *code;
    unsigned groups;
    bool has_fast_path; /* compiled by the JIT, and any bytes will do as a subject */
    const char **names; /* groups + 1 entries */
};

static pcre2_match_data *match_data;       /* process-wide: reused by every match */
static pcre2_match_context *match_context; /* process-wide: limits and the JIT's stack */

static void prepare_process(void)
{
    pcre2_jit_stack *stack;

    if (match_data)
        return;
    match_data = pcre2_match_data_create(REGEX_CAPTURES_MOST, NULL);
    match_context = pcre2_match_context_create(NULL);
    stack = pcre2_jit_stack_create(JIT_STACK_LEAST, JIT_STACK_MOST, NULL);
    CHECK(match_data && match_context);
    pcre2_set_match_limit(match_context, BACKTRACKS_MOST);
    if (stack)
        pcre2_jit_stack_assign(match_context, NULL, stack);
}

static void free_code(void *code)
{
    pcre2_code_free(code);
}

static struct slice describe_error(struct pool *pool, struct slice pattern, int code, size_t at)
{
    PCRE2_UCHAR text[128];

    if (pcre2_get_error_message(code, text, sizeof(text)) < 0)
        text[0] = '\0';
    if (at >= pattern.n)
        return pool_printf(pool, "pcre2_compile() failed: %s in \"" SLICE_FMT "\"", (char *)text,
                           SLICE_ARG(pattern));
    return pool_printf(pool, "pcre2_compile() failed: %s in \"" SLICE_FMT "\" at \"" SLICE_FMT "\"",
                       (char *)text, SLICE_ARG(pattern), SLICE_ARG(slice_from(pattern, at)));
}

/* The name table holds, for each name, two bytes of group number and the terminated name. */
static void read_names(struct regex *re, struct pool *pool)
{
    PCRE2_SPTR table = NULL;
    uint32_t count = 0, size = 0;

    re->names = pool_zalloc(pool, (re->groups + 1) * sizeof(*re->names));
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++, table += size) {
        unsigned group = (unsigned)table[0] << 8 | table[1];

        if (group <= re->groups)
            re->names[group] = (const char *)table + 2;
    }
}

struct regex *regex_compile(struct pool *pool, struct slice pattern, bool ignore_case,
                            struct slice *error_out)
{
    struct regex *re = pool_new(pool, struct regex);
    uint32_t options = 0, groups = 0;
    int error;
    size_t at = 0;

    prepare_process();
    re->code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), pattern.n,
                             ignore_case ? PCRE2_CASELESS : 0, &error, &at, NULL);
    if (!re->code) {
        *error_out = describe_error(pool, pattern, error, at);
        return NULL;
    }
    pool_on_reset(pool, free_code, re->code);
    pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    pcre2_pattern_info(re->code, PCRE2_INFO_ALLOPTIONS, &options);
    re->groups = groups;
    re->has_fast_path =
        pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == 0 && (options & PCRE2_UTF) == 0;
    read_names(re, pool);
    return re;
}

unsigned regex_groups(const struct regex *re)
{
    return re->groups;
}

const char *regex_group_name(const struct regex *re, unsigned i)
{
    return i > 0 && i <= re->groups ? re->names[i] : NULL;
}

int regex_match(const struct regex *re, struct slice subject, int ovector[2 * REGEX_CAPTURES_MOST])
{
    PCRE2_SPTR p = (PCRE2_SPTR)(subject.p ? subject.p : "");
    const PCRE2_SIZE *at;
    int n;

    if (re->has_fast_path)
        n = pcre2_jit_match(re->code, p, subject.n, 0, 0, match_data, match_context);
    else
        n = pcre2_match(re->code, p, subject.n, 0, 0, match_data, match_context);
    if (n == PCRE2_ERROR_NOMATCH)
        return 0;
    if (n < 0)
        return n;
    /* 0: there are more groups than room; those that fit are set. */
    if (n == 0)
        n = REGEX_CAPTURES_MOST;
    at = pcre2_get_ovector_pointer(match_data);
    for (int i = 0; i < 2 * n; i++)
        ovector[i] = at[i] == PCRE2_UNSET ? -1 : (int)at[i];
    for (unsigned i = (unsigned)n; i <= re->groups && i < REGEX_CAPTURES_MOST; i++)
        ovector[2 * i] = ovector[2 * i + 1] = -1; /* groups at the end that took no part */
    return n;
}
