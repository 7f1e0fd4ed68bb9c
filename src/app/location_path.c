/* Mapping URIs to files: root + path, or alias + what follows the prefix of the location that has
 * the alias.
 *
 * The one place that does it: static files, $request_filename and $document_root agree by calling
 * here. Paths come normalised from the request, but rewrites and Lua can make any bytes a path, so
 * what could leave the root is refused here again. Links are the business of who opens the file. */
#include "app/location_path.h"

#include "app/conf.h"
#include "app/variables/script.h"
#include "proto/url.h"

/* The location that named the alias: children inherit it together with its prefix. */
static const struct location *alias_owner(const struct location *l)
{
    while (l->parent && l->parent->alias == l->alias)
        l = l->parent;
    return l;
}

static struct slice make_absolute(struct visit *v, struct slice path)
{
    struct slice prefix = v->conf->prefix;
    char *p;

    if (path.n > 0 && path.p[0] == '/')
        return path;
    p = pool_alloc(visit_pool(v), prefix.n + path.n);
    memcpy(p, prefix.p, prefix.n);
    memcpy(p + prefix.n, path.p, path.n);
    return slice_of(p, prefix.n + path.n);
}

struct slice location_path_root(struct visit *v)
{
    const struct location *l = v->loc;
    struct slice root;

    if (l->alias)
        return make_absolute(v, script_eval(l->alias, v));
    root = make_absolute(v, l->root ? script_eval(l->root, v) : SLICE("html"));
    if (root.n > 0 && root.p[root.n - 1] == '/')
        root.n--;
    return root;
}

bool location_path_is_safe(struct slice path)
{
    const char *at = path.p;
    size_t left = path.n;

    if (path.n == 0)
        return true;
    if (memchr(path.p, '\0', path.n))
        return false;
    while ((at = memmem(at, left, "..", 2)) != NULL) {
        const char *end = at + 2;
        bool is_start = at == path.p || at[-1] == '/';
        bool is_end = end == path.p + path.n || *end == '/';

        if (is_start && is_end)
            return false;
        at++;
        left = path.n - (size_t)(at - path.p);
    }
    return true;
}

bool location_path_is_alias_whole(const struct location *l)
{
    return l->alias && alias_owner(l)->kind == LOCATION_REGEX;
}

/* What of `path` goes behind an alias: nothing when the alias is the whole, unless try_files has
 * found the path there. */
static bool cut_alias_prefix(const struct visit *v, struct slice *path)
{
    const struct location *owner = alias_owner(v->loc);

    if (owner->kind == LOCATION_REGEX) {
        if (!v->is_path_in_alias)
            *path = SLICE_EMPTY;
        return true;
    }
    if (owner->kind == LOCATION_EXACT || owner->kind == LOCATION_PREFIX ||
        owner->kind == LOCATION_PREFIX_FINAL) {
        if (!slice_has_prefix(*path, owner->name)) {
            log_write(&v->x->log, LOG_ERROR,
                      "\"alias\" cannot be used in location \"" SLICE_FMT
                      "\" where URI was rewritten",
                      SLICE_ARG(owner->name));
            return false;
        }
        *path = slice_from(*path, owner->name.n);
    }
    return true;
}

static bool refuse(struct visit *v, struct slice path)
{
    struct slice shown = exchange_shown(v->x, path);

    log_write(&v->x->log, LOG_ERROR, "unsafe URI \"" SLICE_FMT "\" was detected", SLICE_ARG(shown));
    return false;
}

bool location_path_read(struct visit *v, struct slice raw, struct slice *path_out)
{
    struct slice own = pool_dup(visit_pool(v), raw);

    return (raw.n > 0 && raw.p[0] == '/' && location_path_is_safe(raw) &&
            url_normalise_path(own, v->loc->merges_slashes, visit_pool(v), path_out)) ||
           refuse(v, raw);
}

bool location_path_map(struct visit *v, struct slice path, struct slice *path_out)
{
    struct slice root;
    char *p;

    /* Checked again behind an alias: "/i" cuts "/i../x" into "../x". */
    if (!location_path_is_safe(path) ||
        (v->loc->alias && (!cut_alias_prefix(v, &path) || !location_path_is_safe(path))))
        return refuse(v, path);
    root = location_path_root(v);
    p = pool_alloc(visit_pool(v), root.n + path.n + 1);
    memcpy(p, root.p, root.n);
    memcpy(p + root.n, path.p, path.n);
    p[root.n + path.n] = '\0';
    *path_out = slice_of(p, root.n + path.n);
    return true;
}
