/* $ssl_…: what TLS has agreed on, and the client's certificate. All are empty without TLS; those of
 * the certificate also when the client has shown none. */
#include "app/variables/variables.h"

#include "base/encode.h"
#include "net/tls/tls.h"
#include "net/tls/tls_certificate.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_info.h"

typedef struct slice (*fact_fn)(const struct stream *s);
typedef bool (*text_fn)(const struct stream *s, struct buf *out);

static struct slice to_pool(struct visit *v, struct buf *text)
{
    struct slice s = pool_dup(visit_pool(v), buf_slice(text));

    buf_free(text);
    return s;
}

/* A fact that lives as long as the stream. */
static struct slice fact(struct visit *v, fact_fn ask)
{
    struct slice s;

    if (!v->x->req.tls)
        return VARIABLE_NONE;
    s = ask(v->x->req.tls);
    return s.n ? s : VARIABLE_NONE;
}

/* A text that is made when asked for. */
static struct slice text(struct visit *v, text_fn make)
{
    struct buf out = BUF_EMPTY;

    if (!v->x->req.tls)
        return VARIABLE_NONE;
    if (!make(v->x->req.tls, &out)) {
        buf_free(&out);
        return VARIABLE_NONE;
    }
    return to_pool(v, &out);
}

#define FACT(name, ask)                                                                            \
    static struct slice get_##name(struct visit *v, const struct variable *var)                    \
    {                                                                                              \
        UNUSED(var);                                                                               \
        return fact(v, ask);                                                                       \
    }

#define TEXT(name, make)                                                                           \
    static struct slice get_##name(struct visit *v, const struct variable *var)                    \
    {                                                                                              \
        UNUSED(var);                                                                               \
        return text(v, make);                                                                      \
    }

FACT(protocol, tls_info_version)
FACT(cipher, tls_info_cipher)
FACT(server_name, tls_info_server_name)
FACT(alpn, tls_info_alpn)
FACT(curve, tls_info_curve)
TEXT(ciphers, tls_info_client_ciphers)
TEXT(curves, tls_info_client_curves)
TEXT(session_id, tls_info_session_id)
TEXT(raw_cert, tls_peer_certificate)
TEXT(subject, tls_certificate_subject)
TEXT(issuer, tls_certificate_issuer)
TEXT(subject_legacy, tls_certificate_subject_legacy)
TEXT(issuer_legacy, tls_certificate_issuer_legacy)
TEXT(serial, tls_certificate_serial)
TEXT(fingerprint, tls_certificate_fingerprint)
TEXT(starts, tls_certificate_starts)
TEXT(ends, tls_certificate_ends)
TEXT(remaining, tls_certificate_days)

static struct slice get_reused(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    if (!v->x->req.tls)
        return VARIABLE_NONE;
    return tls_info_is_resumed(v->x->req.tls) ? SLICE("r") : SLICE(".");
}

/* "1" as long as the handshake is not over. */
static struct slice get_early_data(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.tls && tls_is_early(v->x->req.tls) ? SLICE("1") : VARIABLE_NONE;
}

static struct slice get_verify(struct visit *v, const struct variable *var)
{
    struct buf why = BUF_EMPTY;
    const struct err *e;
    struct slice s;

    UNUSED(var);
    if (!v->x->req.tls)
        return VARIABLE_NONE;
    e = tls_info_verified(v->x->req.tls, &why);
    if (e == &err_tls_no_certificate)
        s = SLICE("NONE");
    else if (e)
        s = pool_printf(visit_pool(v), "FAILED:%s", buf_cstr(&why));
    else
        s = SLICE("SUCCESS");
    buf_free(&why);
    return s;
}

/* Its lines behind the first begin with a tab, so that it can be the value of a field. */
static struct slice get_cert(struct visit *v, const struct variable *var)
{
    struct slice pem = get_raw_cert(v, var), line;
    struct buf out = BUF_EMPTY;

    while (pem.p && pem.n) {
        line = slice_cut(&pem, '\n');
        if (out.n)
            buf_add_lit(&out, "\n\t");
        buf_add_slice(&out, line);
    }
    return out.n ? to_pool(v, &out) : VARIABLE_NONE;
}

static struct slice get_escaped_cert(struct visit *v, const struct variable *var)
{
    struct slice pem = get_raw_cert(v, var);
    struct buf out = BUF_EMPTY;

    if (!pem.n)
        return VARIABLE_NONE;
    encode_percent(&out, pem, ENCODE_COMPONENT);
    return to_pool(v, &out);
}

const struct variable variables_tls[] = {
    VARIABLE("ssl_protocol", get_protocol),
    VARIABLE("ssl_cipher", get_cipher),
    VARIABLE("ssl_ciphers", get_ciphers),
    VARIABLE("ssl_curve", get_curve),
    VARIABLE("ssl_curves", get_curves),
    VARIABLE("ssl_server_name", get_server_name),
    VARIABLE("ssl_alpn_protocol", get_alpn),
    VARIABLE("ssl_session_id", get_session_id),
    VARIABLE("ssl_session_reused", get_reused),
    VARIABLE("ssl_early_data", get_early_data),
    VARIABLE("ssl_client_verify", get_verify),
    VARIABLE("ssl_client_cert", get_cert),
    VARIABLE("ssl_client_raw_cert", get_raw_cert),
    VARIABLE("ssl_client_escaped_cert", get_escaped_cert),
    VARIABLE("ssl_client_s_dn", get_subject),
    VARIABLE("ssl_client_i_dn", get_issuer),
    VARIABLE("ssl_client_s_dn_legacy", get_subject_legacy),
    VARIABLE("ssl_client_i_dn_legacy", get_issuer_legacy),
    VARIABLE("ssl_client_serial", get_serial),
    VARIABLE("ssl_client_fingerprint", get_fingerprint),
    VARIABLE("ssl_client_v_start", get_starts),
    VARIABLE("ssl_client_v_end", get_ends),
    VARIABLE("ssl_client_v_remain", get_remaining),
    VARIABLE_END,
};
