/* set_md5, set_unescape_uri and their kin, one directive for each row of set_misc_table, and
 * set_if_empty. They stand among the directives of the rewrite module, in file order. */
#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "app/phases.h"
#include "app/rewrite.h"
#include "app/variables/set_misc.h"
#include "base/num.h"

#define GROUP       "Rewriting"
#define CTX_REWRITE (CTX_SERVER | CTX_LOCATION | CTX_IF_SERVER | CTX_IF_LOCATION)

enum { VALUES_MOST = 3, ROWS_MOST = 32 };

/* arg of the step */
struct set_step {
    const struct variable *variable;
    const struct set_misc *misc; /* NULL: set_if_empty */
    struct script *values[VALUES_MOST];
    struct buf *made; /* of set_rotate: what it made last */
};

static enum step_result run_if_empty(struct visit *v, const struct step *s)
{
    const struct set_step *set = s->arg;
    const struct variable *var = set->variable;
    struct slice now = var->get == variable_get ? variable_get_slot(v, var) : var->get(v, var);

    if (now.n == 0)
        (void)var->set(v, var, script_eval(set->values[0], v));
    return STEP_NEXT;
}

static enum step_result run(struct visit *v, const struct step *s)
{
    const struct set_step *set = s->arg;
    struct slice values[VALUES_MOST];
    struct buf text = BUF_EMPTY;
    bool is_made;

    for (unsigned i = 0; i < set->misc->n; i++)
        values[i] = script_eval(set->values[i], v);
    is_made = set->misc->make(values, &text) &&
              set->variable->set(v, set->variable, slice_of(text.p ? text.p : "", text.n));
    buf_free(&text);
    if (is_made)
        return STEP_NEXT;
    log_write(&v->x->log, LOG_ERROR, "%s: invalid value", set->misc->name);
    return phases_finish_status(v, 500);
}

static void free_text(void *arg)
{
    buf_free(arg);
}

/* set_rotate: where the variable has no number, the one that was made last is its value. */
static enum step_result run_rotate(struct visit *v, const struct step *s)
{
    static const char *const words[] = {"current value", "\"from\" argument value",
                                        "\"to\" argument value"};
    const struct set_step *set = s->arg;
    struct slice values[ARRAY_LEN(words)];
    bool is_good[ARRAY_LEN(words)];
    int64_t n;

    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        values[i] = script_eval(set->values[i], v);
        is_good[i] = num_parse_u63(values[i], &n);
        if (!is_good[i] && (i > 0 || values[i].n > 0))
            log_write(&v->x->log, LOG_ERROR, "set_rotate: bad %s: \"" SLICE_FMT "\"", words[i],
                      SLICE_ARG(values[i]));
    }
    if (!is_good[1] || !is_good[2])
        return phases_finish_status(v, 500);
    if (!is_good[0])
        values[0] = pool_dup(visit_pool(v), buf_slice(set->made));
    set->made->n = 0;
    (void)set->misc->make(values, set->made);
    (void)set->variable->set(v, set->variable, buf_slice(set->made));
    return STEP_NEXT;
}

static struct set_step *new_step(struct apply *a, const struct config_node *node,
                                 struct config_error *e)
{
    struct set_step *set = pool_new(&a->conf->pool, struct set_step);

    set->variable = directives_variable(a, node, node->args[0], e);
    return set->variable ? set : NULL;
}

/* The variable's own value is the first, or the only one where none was given. */
static bool apply_misc(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    const struct set_misc *m = &set_misc_table[node->schema->id];
    struct set_step *set = new_step(a, node, e);
    bool has_own = m->form == SET_MISC_OWN || (m->form == SET_MISC_VALUE && node->n_args == 1);

    if (!set)
        return false;
    set->misc = m;
    for (unsigned i = 0; i < m->n; i++)
        if (!directives_script(a, node, node->args[has_own ? i : i + 1], &set->values[i], e))
            return false;
    if (m->form == SET_MISC_OWN) {
        set->made = pool_new(&a->conf->pool, struct buf);
        pool_on_reset(&a->conf->pool, free_text, set->made);
    }
    rewrite_block_add(a->rewrite, set->made ? run_rotate : run, set, node->line);
    return true;
}

static bool apply_if_empty(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct set_step *set = new_step(a, node, e);

    if (!set || !directives_script(a, node, node->args[1], &set->values[0], e))
        return false;
    rewrite_block_add(a->rewrite, run_if_empty, set, node->line);
    return true;
}

static const struct directive if_empty = {
    .name = "set_if_empty",
    .contexts = CTX_REWRITE,
    .flags = DIRECTIVE_REPEATS,
    .min_args = 2,
    .max_args = 2,
    .group = GROUP,
    .syntax = "set_if_empty $variable value;",
    .doc = "Sets a variable whose value is empty, or that was not set.",
    .extra = directives_ordered,
    .apply = apply_if_empty,
};

static struct directive rows[ROWS_MOST]; /* process-wide: filled once, by the following */

static struct directive row_of(const struct set_misc *m, int id)
{
    unsigned most = m->form == SET_MISC_OWN ? m->n : m->n + 1;

    return (struct directive){
        .name = m->name,
        .contexts = CTX_REWRITE,
        .flags = DIRECTIVE_REPEATS,
        .min_args = (uint8_t)(m->form == SET_MISC_VALUE ? 1 : most),
        .max_args = (uint8_t)most,
        .group = GROUP,
        .syntax = m->syntax,
        .doc = m->about,
        .id = id,
        .extra = directives_ordered,
        .apply = apply_misc,
    };
}

void directives_set_misc_register(void)
{
    int n = 0;

    for (; set_misc_table[n].name; n++)
        rows[n] = row_of(&set_misc_table[n], n);
    schema_register(&if_empty, 1);
    schema_register(rows, (size_t)n);
}
