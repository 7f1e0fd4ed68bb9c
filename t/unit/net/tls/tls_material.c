/* Certificates and keys as objects: PEM to DER and back, and chosen by a hook in a handshake. */
#include "net/tls/tls_material.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "loop/loop.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_info.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20 };

static struct tls_pair pair;
static struct stack_st_X509 *chain;
static struct evp_pkey_st *key;

static void test_forms(void **state)
{
    struct tls_credential c = certs_get(CERT_OTHER);
    struct stack_st_X509 *a, *b;
    struct evp_pkey_st *k, *l;
    struct buf one = BUF_EMPTY, two = BUF_EMPTY, why = BUF_EMPTY, pem = BUF_EMPTY;

    UNUSED(state);
    buf_add_slice(&pem, c.cert_pem);
    buf_add_slice(&pem, certs_get(CERT_CA).cert_pem);
    assert_null(tls_material_chain_pem(buf_slice(&pem), NULL, &a));
    tls_material_add_chain(a, &one);
    assert_null(tls_material_chain_der(buf_slice(&one), NULL, &b));
    tls_material_add_chain(b, &two);
    assert_true(slice_eq(buf_slice(&one), buf_slice(&two)));
    tls_material_free_chain(&a);
    tls_material_free_chain(&b);
    one.n--;
    assert_ptr_equal(tls_material_chain_der(buf_slice(&one), &why, &a), &err_tls_material);
    assert_null(a);
    assert_true(why.n > 0);
    buf_free(&one);
    assert_null(tls_material_key_pem(c.key_pem, SLICE_EMPTY, NULL, &k));
    tls_material_add_key(k, &one);
    assert_null(tls_material_key_der(buf_slice(&one), NULL, &l));
    tls_material_free_key(&k);
    tls_material_free_key(&l);
    tls_material_free_key(&l);
    assert_ptr_equal(tls_material_key_der(SLICE("x"), NULL, &k), &err_tls_material);
    assert_ptr_equal(tls_material_key_pem(SLICE("x"), SLICE_EMPTY, NULL, &k), &err_tls_material);
    assert_ptr_equal(tls_material_chain_pem(SLICE("x"), NULL, &a), &err_tls_material);
    buf_free(&one);
    buf_free(&two);
    buf_free(&why);
    buf_free(&pem);
}

static enum tls_answer on_certificate(struct stream *s)
{
    tls_material_clear(s);
    tls_material_verify_client(s, chain, NULL, 1);
    if (!chain)
        return TLS_GO_ON;
    assert_null(tls_material_use_chain(s, chain, NULL));
    assert_null(tls_material_use_key(s, key, NULL));
    return TLS_GO_ON;
}

static void test_chosen(void **state)
{
    static const struct tls_hooks hooks = {.on_certificate = on_certificate};
    struct tls_credential c = certs_get(CERT_OTHER);

    UNUSED(state);
    assert_null(tls_material_chain_pem(c.cert_pem, NULL, &chain));
    assert_null(tls_material_key_pem(c.key_pem, SLICE_EMPTY, NULL, &key));
    tls_pair_init(&pair);
    pair.server_options.hooks = &hooks;
    pair.peer.server_name = SLICE("other.example");
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_ptr_equal(tls_info_verified(pair.server, NULL), &err_tls_no_certificate);
    tls_pair_close(&pair);
    tls_material_free_chain(&chain);
    tls_material_free_key(&key);
    tls_pair_init(&pair); /* and none at all */
    pair.server_options.hooks = &hooks;
    tls_pair_open(&pair, ROOM);
    assert_false(tls_pair_shake(&pair));
    assert_ptr_equal(pair.server->err, &err_tls_no_shared_cipher);
    tls_pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_chosen),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
