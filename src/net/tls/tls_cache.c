/* Entries are found by both names and stand in the order of their use. */
#include "net/tls/tls_cache.h"

#include <openssl/err.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_pem.h"

struct entry {
    struct list node;
    struct buf names; /* of the certificate, 0, of the key, 0 */
    struct tls_chain chain;
    struct stat cert, key;
    uint64_t used, looked_at; /* ms */
};

struct tls_cache {
    struct tls_cache_limits limits;
    struct map entries;
    struct list order; /* of use, the latest first */
};

struct tls_cache *tls_cache_new(const struct tls_cache_limits *l)
{
    struct tls_cache *c = mem_new(struct tls_cache);

    c->limits = *l;
    map_init(&c->entries, false);
    list_init(&c->order);
    return c;
}

static void drop(struct tls_cache *c, struct entry *e)
{
    (void)map_remove(&c->entries, buf_slice(&e->names));
    list_remove(&e->node);
    tls_pem_free(&e->chain);
    buf_free(&e->names);
    mem_free(e);
}

static struct entry *oldest(struct tls_cache *c)
{
    return CONTAINER_OF(c->order.prev, struct entry, node);
}

void tls_cache_free(struct tls_cache **cp)
{
    struct tls_cache *c = *cp;

    *cp = NULL;
    if (!c)
        return;
    while (!list_is_empty(&c->order))
        drop(c, oldest(c));
    map_deinit(&c->entries);
    mem_free(c);
}

/* All zero: there is none. */
static struct stat look_at(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        memset(&st, 0, sizeof(st));
    return st;
}

static bool is_same(const struct stat *then, const char *path)
{
    struct stat now = look_at(path);

    return file_is_same(then, &now);
}

/* Does the entry still stand for the files? */
static bool holds(const struct tls_cache *c, struct entry *e, const struct tls_credential *name)
{
    if (clock_ms() - e->looked_at < c->limits.valid)
        return true;
    e->looked_at = clock_ms();
    return is_same(&e->cert, name->cert_file) && is_same(&e->key, name->key_file);
}

static void drop_unused(struct tls_cache *c)
{
    while (!list_is_empty(&c->order) && clock_ms() - oldest(c)->used >= c->limits.inactive)
        drop(c, oldest(c));
}

static const struct err *read_entry(struct tls_cache *c, const struct tls_credential *name,
                                    struct buf *names, struct buf *why, struct entry **out)
{
    struct stat cert = look_at(name->cert_file), key = look_at(name->key_file);
    struct tls_chain chain;
    const struct err *err = tls_pem_load(name, &chain, why);

    if (err)
        return err;
    while (c->entries.used >= c->limits.most)
        drop(c, oldest(c));
    *out = mem_new(struct entry);
    **out = (struct entry){
        .names = *names, .chain = chain, .cert = cert, .key = key, .looked_at = clock_ms()};
    *names = (struct buf)BUF_EMPTY;
    list_init(&(*out)->node);
    (void)map_set(&c->entries, buf_slice(&(*out)->names), *out);
    return NULL;
}

static const struct err *find(struct tls_cache *c, const struct tls_credential *name,
                              struct buf *why, struct entry **out)
{
    struct buf names = BUF_EMPTY;
    const struct err *err = NULL;

    buf_printf(&names, "%s%c%s", name->cert_file, '\0', name->key_file);
    drop_unused(c);
    *out = map_get(&c->entries, buf_slice(&names));
    if (*out && !holds(c, *out, name)) {
        drop(c, *out);
        *out = NULL;
    }
    if (!*out)
        err = read_entry(c, name, &names, why, out);
    buf_free(&names);
    if (err)
        return err;
    (*out)->used = clock_ms();
    list_remove(&(*out)->node);
    list_prepend(&c->order, &(*out)->node);
    return NULL;
}

static const struct err *give(struct stream *s, const struct tls_chain *chain, struct buf *why)
{
    ERR_clear_error();
    if (SSL_use_cert_and_key(tls_ssl(s), chain->leaf, chain->key, chain->above, 1) == 1)
        return NULL;
    if (why)
        buf_printf(why, "SSL_use_cert_and_key() failed: ");
    (void)tls_error_take(why);
    return &err_tls_material;
}

const struct err *tls_cache_use(struct tls_cache *c, struct stream *s,
                                const struct tls_credential *name, struct buf *why)
{
    struct tls_chain chain;
    struct entry *e;
    const struct err *err;

    if (c && name->cert_file && name->key_file) {
        err = find(c, name, why, &e);
        return err ? err : give(s, &e->chain, why);
    }
    err = tls_pem_load(name, &chain, why);
    if (err)
        return err;
    err = give(s, &chain, why);
    tls_pem_free(&chain);
    return err;
}
