/* Nothing is decided here but that whoever watches a key is told of its changes. */
#include "bind/ffi_shared.h"

#include <errno.h>
#include <signal.h>

#include "base/buf.h"
#include "bind/lib_bus.h"
#include "shm/dict_list.h"

static __thread struct buf keys; /* process-wide: from ffi_shared_keys to ffi_shared_free_keys */

static void tell(struct dict *d, const char *key, size_t n)
{
    if (UNLIKELY(dict_is_watched(d, slice_of(key, n))))
        lib_bus_publish(LIB_BUS_SHARED, slice_str(dict_name(d)), slice_of(key, n));
}

struct dict *ffi_shared_reopen(const struct dict *d)
{
    return dict_reopen(d);
}

void ffi_shared_close(struct dict *d)
{
    dict_close(&d);
}

int ffi_shared_get(struct dict *d, const char *key, size_t n, int takes_stale,
                   struct dict_item *out)
{
    struct slice k = slice_of(key, n);

    return (int)(takes_stale ? dict_get_stale(d, k, out) : dict_get(d, k, out));
}

int ffi_shared_store(struct dict *d, const char *key, size_t n, int mode, struct dict_item *item)
{
    int result = (int)dict_store(d, slice_of(key, n), item, (unsigned)mode);

    tell(d, key, n);
    return result;
}

int ffi_shared_swap(struct dict *d, const char *key, size_t n, const struct dict_item *expected,
                    struct dict_item *item)
{
    int result = (int)dict_swap(d, slice_of(key, n), expected, item);

    tell(d, key, n);
    return result;
}

int ffi_shared_incr(struct dict *d, const char *key, size_t n, struct dict_incr *incr)
{
    int result = (int)dict_incr(d, slice_of(key, n), incr);

    tell(d, key, n);
    return result;
}

int ffi_shared_ttl(struct dict *d, const char *key, size_t n, double *ttl)
{
    int64_t ms;
    enum dict_result result = dict_ttl(d, slice_of(key, n), &ms);

    *ttl = (double)ms;
    return (int)result;
}

int ffi_shared_expire(struct dict *d, const char *key, size_t n, double ttl)
{
    return (int)dict_expire(d, slice_of(key, n), (int64_t)ttl);
}

double ffi_shared_push(struct dict *d, const char *key, size_t n, int end,
                       const struct dict_item *item)
{
    uint32_t length;
    enum dict_result result =
        dict_list_push(d, slice_of(key, n), item, (enum dict_end)end, &length);

    tell(d, key, n);
    return result == DICT_OK ? (double)length : -(double)result;
}

int ffi_shared_pop(struct dict *d, const char *key, size_t n, int end, struct dict_item *out)
{
    int result = (int)dict_list_pop(d, slice_of(key, n), (enum dict_end)end, out);

    tell(d, key, n);
    return result;
}

double ffi_shared_length(struct dict *d, const char *key, size_t n)
{
    uint32_t length;
    enum dict_result result = dict_list_length(d, slice_of(key, n), &length);

    return result == DICT_OK ? (double)length : -(double)result;
}

void ffi_shared_flush_all(struct dict *d)
{
    dict_walk_flush_all(d);
    lib_bus_publish(LIB_BUS_SHARED, slice_str(dict_name(d)), SLICE_EMPTY);
}

double ffi_shared_flush_expired(struct dict *d, double most)
{
    return dict_walk_flush_expired(d, (unsigned)most);
}

static void add_key(void *user, struct slice key)
{
    uint32_t n = (uint32_t)key.n;

    buf_add_slice(&keys, slice_of((const char *)&n, sizeof(n)));
    buf_add_slice(&keys, key);
    ++*(double *)user;
}

double ffi_shared_keys(struct dict *d, double most, const char **p, size_t *bytes)
{
    double n = 0;

    dict_walk_keys(d, (unsigned)most, add_key, &n);
    *p = keys.p;
    *bytes = keys.n;
    return n;
}

void ffi_shared_free_keys(void)
{
    buf_free(&keys);
}

double ffi_shared_capacity(const struct dict *d)
{
    return (double)dict_capacity(d);
}

double ffi_shared_free_space(struct dict *d)
{
    return (double)dict_free_space(d);
}

void ffi_shared_stats(struct dict *d, struct dict_stats *out)
{
    dict_walk_stats(d, out);
}

void ffi_shared_watch(struct dict *d, const char *key, size_t n, double ms)
{
    dict_watch(d, slice_of(key, n), (int64_t)ms);
}

int ffi_shared_is_gone(double pid)
{
    return kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}
