/* Captures: the one place that runs a regex for a visit and keeps what it found.
 *
 * The subject is copied into the visit's pool on a match, since the URI or whatever it was may
 * change while $1 is still wanted; named groups borrow from the same copy. */
#include "app/variables/captures.h"

#include "base/check.h"

struct name {
    unsigned group;
    const struct variable *variable;
};

struct captures_names {
    unsigned n;
    struct name list[REGEX_CAPTURES_MOST];
};

bool captures_bind(struct variable_table *t, const struct regex *re,
                   const struct captures_names **out, struct slice *error_out)
{
    unsigned most = MIN(regex_groups(re), (unsigned)REGEX_CAPTURES_MOST - 1);
    struct captures_names *names = NULL;

    *out = NULL;
    for (unsigned i = 1; i <= most; i++) {
        const char *name = regex_group_name(re, i);
        const struct variable *var;

        if (!name)
            continue;
        var = variable_define_getter(t, slice_str(name), variable_get_slot, NULL);
        if (!var) {
            *error_out = pool_printf(t->pool, "the duplicate \"%s\" variable", name);
            return false;
        }
        if (!names)
            names = pool_new(t->pool, struct captures_names);
        names->list[names->n++] = (struct name){i, var};
    }
    *out = names;
    return true;
}

static void set_named(struct visit *v, const struct captures_names *names)
{
    for (unsigned i = 0; i < names->n; i++) {
        const struct name *name = &names->list[i];
        const int *at = &v->captures[2 * name->group];
        bool is_set = (int)name->group < v->n_captures && at[0] >= 0;
        struct slice value = SLICE_EMPTY;

        if (is_set)
            value = slice_of(v->capture_subject.p + at[0], (size_t)(at[1] - at[0]));
        if (name->variable->set == variable_set)
            v->slots[name->variable->slot] = value;
        else
            name->variable->set(v, name->variable, value);
    }
}

enum captures_found captures_match(struct visit *v, const struct regex *re,
                                   const struct captures_names *names, struct slice subject)
{
    int at[2 * REGEX_CAPTURES_MOST];
    int n = regex_match(re, subject, at);

    if (n < 0)
        log_write(&v->x->log, LOG_ERROR, "pcre2_match() failed: %d on \"" SLICE_FMT "\"", n,
                  SLICE_ARG(subject));
    if (n <= 0)
        return n < 0 ? CAPTURES_FAILED : CAPTURES_NONE;
    if (!v->captures)
        v->captures = pool_alloc(visit_pool(v), sizeof(at));
    v->capture_subject = pool_dup(visit_pool(v), subject);
    memcpy(v->captures, at, 2 * (size_t)n * sizeof(at[0]));
    v->n_captures = n;
    if (names)
        set_named(v, names);
    return CAPTURES_SET;
}

void captures_copy(struct visit *to, const struct visit *from)
{
    size_t size = 2 * REGEX_CAPTURES_MOST * sizeof(*to->captures);

    to->n_captures = from->n_captures;
    to->capture_subject = from->capture_subject;
    if (from->captures)
        to->captures = memcpy(pool_alloc(visit_pool(to), size), from->captures, size);
}
