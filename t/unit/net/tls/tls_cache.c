/* Certificates by name in handshakes, as text, from files, and kept. */
#include "net/tls/tls_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "loop/loop.h"
#include "net/tls/tls_error.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20 };

static struct tls_pair pair;
static struct tls_cache *cache;
static struct tls_credential wanted;
static const struct err *result;

static enum tls_answer on_certificate(struct stream *s)
{
    struct buf why = BUF_EMPTY;

    result = tls_cache_use(cache, s, &wanted, &why);
    assert_int_equal(result != NULL, why.n > 0);
    buf_free(&why);
    return result ? TLS_REFUSE : TLS_GO_ON;
}

/* A handshake with a server that has nothing but what is wanted. */
static bool shake(void)
{
    static const struct tls_hooks hooks = {.on_certificate = on_certificate};
    bool is_through;

    tls_pair_init(&pair);
    pair.server_options.hooks = &hooks;
    pair.server_options.n_certs = 0;
    pair.peer.server_name = SLICE("other.example");
    tls_pair_open(&pair, ROOM);
    is_through = tls_pair_shake(&pair);
    tls_pair_close(&pair);
    return is_through;
}

static void test_text(void **state)
{
    UNUSED(state);
    wanted = certs_get(CERT_OTHER);
    assert_true(shake());
    wanted.key_pem = certs_get(CERT_SERVER).key_pem;
    assert_false(shake());
    assert_ptr_equal(result, &err_tls_material);
}

static void put(const char *path, struct slice text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
    struct tls_credential other = certs_get(CERT_OTHER);
    struct tls_cache_limits limits = {.most = 1, .inactive = 60000, .valid = 60000};
    char cert[64], key[64], key2[64];

    UNUSED(state);
    (void)snprintf(cert, sizeof(cert), "/tmp/tls_cache.%d.pem", (int)getpid());
    (void)snprintf(key, sizeof(key), "/tmp/tls_cache.%d.key", (int)getpid());
    (void)snprintf(key2, sizeof(key2), "/tmp/tls_cache.%d.key2", (int)getpid());
    put(cert, other.cert_pem);
    put(key, other.key_pem);
    put(key2, other.key_pem);
    cache = tls_cache_new(&limits);
    wanted = (struct tls_credential){.cert_file = cert, .key_file = key};
    assert_true(shake());
    put(key, SLICE("no key"));
    assert_true(shake()); /* as it was */
    wanted.key_file = key2;
    assert_true(shake()); /* takes its place */
    wanted.key_file = key;
    assert_false(shake());
    wanted.key_file = key2;
    assert_true(shake()); /* a failure has taken nobody's */
    tls_cache_free(&cache);
    limits.valid = 0;
    cache = tls_cache_new(&limits);
    assert_true(shake());
    put(key2, SLICE("no key"));
    assert_false(shake());
    tls_cache_free(&cache);
    tls_cache_free(&cache);
    limits.inactive = 0;
    put(key2, other.key_pem);
    cache = tls_cache_new(&limits);
    assert_true(shake());
    assert_true(shake());
    tls_cache_free(&cache);
    unlink(cert);
    unlink(key);
    unlink(key2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_files),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
