/* The filter chain's construction; walking it is exchange_pass_head and exchange_pass_body. */
#include "http/filter.h"

#include "base/check.h"

void filter_append(struct exchange *x, struct filter *f, const struct filter_ops *ops)
{
    struct filter **end = &x->filters;

    CHECK(!exchange_has_started(x));
    while (*end)
        end = &(*end)->next;
    f->ops = ops;
    f->next = NULL;
    *end = f;
}
