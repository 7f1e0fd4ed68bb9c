/* What $fastcgi_script_name and $fastcgi_path_info say. */
#include "app/proxy/fastcgi_path.h"

#include "app/proxy/proxy_conf.h"
#include "app/regex.h"
#include "app/visit.h"

static struct slice part_of(struct slice path, const int *ovector, unsigned group)
{
    int from = ovector[2 * group], to = ovector[2 * group + 1];

    return from < 0 ? SLICE_EMPTY : slice_of(path.p + from, (size_t)(to - from));
}

void fastcgi_path_split(struct visit *v, struct slice *script_out, struct slice *info_out)
{
    const struct proxy_conf *c = proxy_conf_of(v->loc, PROXY_FASTCGI);
    struct slice path = v->x->req.path;
    int ovector[2 * REGEX_CAPTURES_MOST];

    *script_out = path;
    *info_out = SLICE_EMPTY;
    if (c->split && regex_match(c->split, path, ovector) > 0) {
        *script_out = part_of(path, ovector, 1);
        *info_out = part_of(path, ovector, 2);
    }
    path = *script_out;
    if (c->index.n && path.n && path.p[path.n - 1] == '/')
        *script_out =
            pool_printf(visit_pool(v), SLICE_FMT SLICE_FMT, SLICE_ARG(path), SLICE_ARG(c->index));
}
