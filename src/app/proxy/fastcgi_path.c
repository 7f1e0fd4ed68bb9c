/* What $fastcgi_script_name and $fastcgi_path_info say. */
#include "app/proxy/fastcgi_path.h"

#include "app/proxy/proxy_conf.h"
#include "app/variables/regex.h"
#include "app/visit.h"

/* The capture of fastcgi_split_path_info; p == NULL: it does not match, or is not given. */
static struct slice part_of(const struct visit *v, const struct proxy_conf *c, unsigned group)
{
    int ovector[2 * REGEX_CAPTURES_MOST], *at = &ovector[2 * group];
    struct slice path = v->x->req.path;

    if (!c->split || regex_match(c->split, path, ovector) <= 0)
        return slice_of(NULL, 0);
    return at[0] < 0 ? SLICE_EMPTY : slice_of(path.p + at[0], (size_t)(at[1] - at[0]));
}

struct slice fastcgi_path_script(struct visit *v)
{
    const struct proxy_conf *c = proxy_conf_of(v->loc, PROXY_FASTCGI);
    struct slice part = part_of(v, c, 1), path = part.p ? part : v->x->req.path;

    if (!c->index.n || !path.p || !slice_has_suffix(path, SLICE("/")))
        return path;
    return pool_printf(visit_pool(v), SLICE_FMT SLICE_FMT, SLICE_ARG(path), SLICE_ARG(c->index));
}

struct slice fastcgi_path_info(struct visit *v)
{
    struct slice part = part_of(v, proxy_conf_of(v->loc, PROXY_FASTCGI), 2);

    return part.p ? part : SLICE_EMPTY;
}
