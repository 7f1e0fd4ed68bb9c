/* One row for each certificate; all are made by net/tls/tls_make. */
#include "t/lib/certs.h"

#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/tls/tls_make.h"

enum { DAY = 86400, REVOKED_SERIAL = 4711 };

static struct buf pems[CERT_COUNT][2], revocations;

static const struct {
    const char *common_name, *name;
    enum tls_key key;
    int64_t starts_in, ends_in;
    uint64_t serial;
} rows[CERT_COUNT] = {
    [CERT_CA] = {"Test Authority"},
    [CERT_SERVER] = {"server", "localhost"},
    [CERT_SERVER_RSA] = {"server", "localhost", TLS_KEY_RSA_2048},
    [CERT_CLIENT] = {"client", "client.example"},
    [CERT_REVOKED] = {"revoked", "client.example", TLS_KEY_P256, 0, 0, REVOKED_SERIAL},
    [CERT_EXPIRED] = {"expired", "localhost", TLS_KEY_P256, -2 * DAY, -DAY},
    [CERT_FUTURE] = {"future", "localhost", TLS_KEY_P256, DAY, 2 * DAY},
    [CERT_OTHER] = {"other", "other.example"},
    [CERT_ALONE] = {"alone", "localhost"},
};

static void make(enum cert which)
{
    struct slice names[2] = {SLICE_EMPTY, SLICE("127.0.0.1")};
    struct tls_make_options o = {.common_name = slice_str(rows[which].common_name),
                                 .names = names,
                                 .key = rows[which].key,
                                 .is_ca = which == CERT_CA,
                                 .starts_in = rows[which].starts_in,
                                 .ends_in = rows[which].ends_in,
                                 .serial = rows[which].serial};

    if (rows[which].name) {
        names[0] = slice_str(rows[which].name);
        o.n_names = slice_eq(names[0], SLICE("localhost")) ? 2 : 1;
    }
    if (which != CERT_CA && which != CERT_ALONE) {
        struct tls_credential ca = certs_get(CERT_CA);

        o.issuer_cert = ca.cert_pem;
        o.issuer_key = ca.key_pem;
    }
    CHECK(!tls_make_certificate(&o, &pems[which][0], &pems[which][1]));
}

struct tls_credential certs_get(enum cert which)
{
    if (!pems[which][0].n)
        make(which);
    return (struct tls_credential){.cert_pem = buf_slice(&pems[which][0]),
                                   .key_pem = buf_slice(&pems[which][1])};
}

struct slice certs_revocations(void)
{
    struct tls_credential ca = certs_get(CERT_CA);
    const uint64_t serials[] = {REVOKED_SERIAL};

    if (!revocations.n)
        CHECK(!tls_make_revocations(ca.cert_pem, ca.key_pem, serials, 1, &revocations));
    return buf_slice(&revocations);
}

char *certs_file(struct slice pem)
{
    struct buf path = BUF_EMPTY;
    char *copy;
    int fd;

    CHECK(!file_temp("/tmp", &path, &fd));
    CHECK(!file_write_all(fd, pem.p, pem.n));
    (void)close(fd);
    copy = mem_strdup(slice_str(buf_cstr(&path)));
    buf_free(&path);
    return copy;
}

void certs_free(void)
{
    for (int i = 0; i < CERT_COUNT; i++) {
        buf_free(&pems[i][0]);
        buf_free(&pems[i][1]);
    }
    buf_free(&revocations);
}
