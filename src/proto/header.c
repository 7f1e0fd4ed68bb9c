/* Header fields: known names as numbers, lists, and the grammar checks.
 *
 * To add a known name: an X line in header.h and an entry in `by_length` below: under the length of
 * the name, at the low five bits of its byte `at`. No two names of one length may share that place;
 * choose another `at` when they do. The unit test looks every known name up. */
#include "proto/header.h"

#include "base/check.h"
#include "proto/grammar.h"

enum { LENGTH_MOST = 19, LIST_FIRST = 16 };

static const struct slice names[HEADER_ID_COUNT] = {[HEADER_OTHER] = {"", 0},
#define X(id, name) [HEADER_##id] = {name, sizeof(name) - 1},
                                                    HEADER_KNOWN(X)
#undef X
};

#define AT(c, id) [(c)&31] = HEADER_##id

static const struct {
    uint8_t at;
    uint8_t ids[32];
} by_length[LENGTH_MOST + 1] = {
    [2] = {0, {AT('t', TE)}},
    [3] = {0, {AT('a', AGE), AT('v', VIA)}},
    [4] = {0, {AT('d', DATE), AT('e', ETAG), AT('h', HOST), AT('l', LINK), AT('v', VARY)}},
    [5] = {0, {AT('a', ALLOW), AT('r', RANGE)}},
    [6] = {0,
           {AT('a', ACCEPT), AT('c', COOKIE), AT('e', EXPECT), AT('o', ORIGIN), AT('p', PRAGMA),
            AT('s', SERVER)}},
    [7] = {0, {AT('e', EXPIRES), AT('r', REFERER), AT('t', TRAILER), AT('u', UPGRADE)}},
    [8] = {3, {AT('m', IF_MATCH), AT('r', IF_RANGE), AT('a', LOCATION)}},
    [9] = {0, {AT('f', FORWARDED), AT('x', X_REAL_IP)}},
    [10] = {0,
            {AT('c', CONNECTION), AT('k', KEEP_ALIVE), AT('s', SET_COOKIE), AT('u', USER_AGENT)}},
    [11] = {0, {AT('r', RETRY_AFTER)}},
    [12] = {0, {AT('c', CONTENT_TYPE)}},
    [13] = {6,
            {AT('-', ACCEPT_RANGES), AT('i', AUTHORIZATION), AT('c', CACHE_CONTROL),
             AT('t', CONTENT_RANGE), AT('e', IF_NONE_MATCH), AT('o', LAST_MODIFIED)}},
    [14] = {0, {AT('c', CONTENT_LENGTH), AT('h', HTTP2_SETTINGS)}},
    [15] = {7, {AT('e', ACCEPT_ENCODING), AT('l', ACCEPT_LANGUAGE), AT('r', X_FORWARDED_FOR)}},
    [16] = {10,
            {AT('c', CONTENT_ENCODING), AT('n', CONTENT_LANGUAGE), AT('e', PROXY_CONNECTION),
             AT('t', WWW_AUTHENTICATE)}},
    [17] = {0,
            {AT('i', IF_MODIFIED_SINCE), AT('s', SEC_WEBSOCKET_KEY), AT('t', TRANSFER_ENCODING)}},
    [19] = {0, {AT('c', CONTENT_DISPOSITION), AT('i', IF_UNMODIFIED_SINCE)}},
};

/* Where eight bytes differ but for case from those of a known name, in which what has the bit 0x40
 * is a letter: of these alone the bit 0x20 is the case. */
static inline uint64_t differing(uint64_t got, uint64_t known)
{
    const uint64_t ones = ~(uint64_t)0 / 255;

    return (got ^ known) & ~((known & (ones * 0x40)) >> 1);
}

static inline uint64_t load(const char *p, size_t n)
{
    uint64_t w = 0;

    memcpy(&w, p, n);
    return w;
}

/* Equal but for case? Whole words, the last of them overlapping the one before. */
static inline bool is_same(const char *got, const char *known, size_t n)
{
    size_t i;

    if (n < 4) {
        for (i = 0; i < n; i++)
            if (differing((uint8_t)got[i], (uint8_t)known[i]))
                return false;
        return true;
    }
    if (n < 8)
        return !differing(load(got, 4) << 32 | load(got + n - 4, 4),
                          load(known, 4) << 32 | load(known + n - 4, 4));
    for (i = 0; i + 8 < n; i += 8)
        if (differing(load(got + i, 8), load(known + i, 8)))
            return false;
    return !differing(load(got + n - 8, 8), load(known + n - 8, 8));
}

enum header_id header_id(struct slice name)
{
    unsigned id;

    if (name.n > LENGTH_MOST || name.n < 2)
        return HEADER_OTHER;
    id = by_length[name.n].ids[name.p[by_length[name.n].at] & 31];
    if (id == HEADER_REFERER && (name.p[3] & 31) == ('r' & 31))
        id = HEADER_REFRESH; /* no one byte tells all names of seven letters apart */
    if (id == HEADER_OTHER || !is_same(name.p, names[id].p, name.n))
        return HEADER_OTHER;
    return (enum header_id)id;
}

struct slice header_name(enum header_id id)
{
    return names[id];
}

static bool has_this_name(const struct header *f, enum header_id id, struct slice name)
{
    if (f->id != id)
        return false;
    return id != HEADER_OTHER || (f->name.n == name.n && slice_ieq(f->name, name));
}

void header_append(struct header_list *l, struct pool *pool, struct header f)
{
    if (l->n == l->size) {
        unsigned size = l->size ? l->size * 2 : LIST_FIRST;
        struct header *fields = pool_alloc(pool, size * sizeof *fields);
        if (l->n)
            memcpy(fields, l->fields, l->n * sizeof *fields);
        l->fields = fields;
        l->size = size;
    }
    l->fields[l->n++] = f;
}

void header_add(struct header_list *l, struct pool *pool, struct slice name, struct slice value)
{
    header_append(l, pool, (struct header){name, value, header_id(name), 0});
}

void header_add_id(struct header_list *l, struct pool *pool, enum header_id id, struct slice value)
{
    CHECK(id != HEADER_OTHER);
    header_append(l, pool, (struct header){names[id], value, id, 0});
}

static struct header *find(const struct header_list *l, enum header_id id, struct slice name)
{
    for (unsigned i = 0; i < l->n; i++)
        if (has_this_name(&l->fields[i], id, name))
            return &l->fields[i];
    return NULL;
}

/* Drops the fields of that name from index `from` on. */
static unsigned drop(struct header_list *l, unsigned from, enum header_id id, struct slice name)
{
    unsigned kept = from;

    for (unsigned i = from; i < l->n; i++)
        if (!has_this_name(&l->fields[i], id, name))
            l->fields[kept++] = l->fields[i];
    from = l->n - kept;
    l->n = kept;
    return from;
}

static void set(struct header_list *l, struct pool *pool, struct header f)
{
    struct header *old = find(l, f.id, f.name);

    if (!old) {
        header_append(l, pool, f);
        return;
    }
    *old = f;
    drop(l, (unsigned)(old - l->fields) + 1, f.id, f.name);
}

void header_set(struct header_list *l, struct pool *pool, struct slice name, struct slice value)
{
    set(l, pool, (struct header){name, value, header_id(name), 0});
}

void header_set_id(struct header_list *l, struct pool *pool, enum header_id id, struct slice value)
{
    CHECK(id != HEADER_OTHER);
    set(l, pool, (struct header){names[id], value, id, 0});
}

unsigned header_remove(struct header_list *l, struct slice name)
{
    return drop(l, 0, header_id(name), name);
}

unsigned header_remove_id(struct header_list *l, enum header_id id)
{
    CHECK(id != HEADER_OTHER);
    return drop(l, 0, id, SLICE_EMPTY);
}

struct header *header_find(const struct header_list *l, struct slice name)
{
    return find(l, header_id(name), name);
}

struct header *header_find_id(const struct header_list *l, enum header_id id)
{
    CHECK(id != HEADER_OTHER);
    for (unsigned i = 0; i < l->n; i++)
        if (l->fields[i].id == id)
            return &l->fields[i];
    return NULL;
}

bool header_is_name(struct slice s)
{
    return s.n > 0 && grammar_span(s, GRAMMAR_TOKEN) == s.n;
}

bool header_is_value(struct slice s)
{
    return grammar_span_value(s) == s.n;
}

bool header_can_trail(enum header_id id, struct slice name)
{
    static const bool forbidden[HEADER_ID_COUNT] = {
        [HEADER_AGE] = true,
        [HEADER_AUTHORIZATION] = true,
        [HEADER_CACHE_CONTROL] = true,
        [HEADER_CONNECTION] = true,
        [HEADER_CONTENT_ENCODING] = true,
        [HEADER_CONTENT_LENGTH] = true,
        [HEADER_CONTENT_RANGE] = true,
        [HEADER_CONTENT_TYPE] = true,
        [HEADER_COOKIE] = true,
        [HEADER_DATE] = true,
        [HEADER_EXPECT] = true,
        [HEADER_EXPIRES] = true,
        [HEADER_FORWARDED] = true,
        [HEADER_HOST] = true,
        [HEADER_HTTP2_SETTINGS] = true,
        [HEADER_IF_MATCH] = true,
        [HEADER_IF_MODIFIED_SINCE] = true,
        [HEADER_IF_NONE_MATCH] = true,
        [HEADER_IF_RANGE] = true,
        [HEADER_IF_UNMODIFIED_SINCE] = true,
        [HEADER_KEEP_ALIVE] = true,
        [HEADER_LOCATION] = true,
        [HEADER_PRAGMA] = true,
        [HEADER_PROXY_CONNECTION] = true,
        [HEADER_RANGE] = true,
        [HEADER_RETRY_AFTER] = true,
        [HEADER_SET_COOKIE] = true,
        [HEADER_TE] = true,
        [HEADER_TRAILER] = true,
        [HEADER_TRANSFER_ENCODING] = true,
        [HEADER_UPGRADE] = true,
        [HEADER_VARY] = true,
        [HEADER_WWW_AUTHENTICATE] = true,
        [HEADER_X_FORWARDED_FOR] = true,
        [HEADER_X_REAL_IP] = true,
    };

    if (id != HEADER_OTHER)
        return !forbidden[id];
    return !slice_ieq(name, SLICE("Max-Forwards")) &&
           !slice_ieq(name, SLICE("Proxy-Authorization")) &&
           !slice_ieq(name, SLICE("Proxy-Authenticate")) &&
           !slice_ieq(name, SLICE("Proxy-Authentication-Info")) &&
           !slice_ieq(name, SLICE("Authentication-Info"));
}

bool header_has_token(struct slice value, struct slice token)
{
    struct slice rest = value;

    while (rest.p) {
        struct slice item = slice_trim(slice_cut(&rest, ','));
        if (item.n == token.n && slice_ieq(item, token))
            return true;
    }
    return false;
}

bool header_is_of_connection(const struct header_list *l, struct slice name)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->fields[i].id == HEADER_CONNECTION && header_has_token(l->fields[i].value, name))
            return true;
    return false;
}
