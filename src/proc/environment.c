/* The environment at start is kept, so that a reload can let more of it through than the
 * configuration before. Old arrays are not freed: somebody may hold what getenv gave. */
#include "proc/environment.h"

#include <string.h>
#include <unistd.h>

#include "base/pool.h"

/* Of these the world has a say, too: the zone of time, where Lua's modules are. */
static const char *const KEPT[] = {"TZ", "LUA_PATH", "LUA_CPATH"};

static char **original;  /* process-wide: the environment at start */
static struct pool made; /* process-wide: every environment since */

/* The entry of the environment at start whose name is `name`, or NULL. */
static char *find(struct slice name)
{
    for (char **e = original; *e; e++) {
        if (strncmp(*e, name.p, name.n) == 0 && (*e)[name.n] == '=')
            return *e;
    }
    return NULL;
}

static bool is_named(const struct slice *names, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++) {
        struct slice rest = names[i];

        if (slice_eq(slice_cut(&rest, '='), name))
            return true;
    }
    return false;
}

/* A copy: setenv gives an array that it made back to malloc when it makes another. */
static void keep_original(void)
{
    size_t n = 0;

    while (environ[n])
        n++;
    pool_init(&made, NULL, 0);
    original = pool_alloc(&made, (n + 1) * sizeof(*original));
    memcpy(original, environ, (n + 1) * sizeof(*original));
}

const char *environment_at_start(const char *name)
{
    const char *entry = find(slice_str(name));

    return entry ? entry + strlen(name) + 1 : NULL;
}

char **environment_with(const char *entry)
{
    struct slice name = slice_str(entry);
    size_t n = 0, used = 0;
    char **entries;

    name.n = strcspn(entry, "=");
    while (original[n])
        n++;
    entries = pool_alloc(&made, (n + 2) * sizeof(*entries));
    for (size_t i = 0; i < n; i++)
        if (original[i] != find(name))
            entries[used++] = original[i];
    entries[used++] = pool_strdup(&made, slice_str(entry));
    entries[used] = NULL;
    return entries;
}

void environment_apply(const struct slice *names, size_t n)
{
    char **entries;
    size_t used = 0;

    if (!original)
        keep_original();
    entries = pool_alloc(&made, (n + ARRAY_LEN(KEPT) + 1) * sizeof(*entries));
    for (size_t i = 0; i < ARRAY_LEN(KEPT); i++) {
        struct slice name = slice_str(KEPT[i]);

        if (!is_named(names, n, name) && find(name))
            entries[used++] = find(name);
    }
    for (size_t i = 0; i < n; i++) {
        char *entry =
            slice_find(names[i], '=') >= 0 ? pool_strdup(&made, names[i]) : find(names[i]);

        if (entry)
            entries[used++] = entry;
    }
    entries[used] = NULL;
    environ = entries;
}
