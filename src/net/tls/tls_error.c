/* OpenSSL keeps a queue of errors for each thread; a failed call leaves its reason there. To give a
 * reason a meaning of its own, add a row to `by_reason`; the rest counts as a failed handshake.
 *
 * Alerts that the peer sent are reasons as well: 1000 and the number of the alert (RFC 8446 section
 * 6.2). Those that say what is wrong with our certificate stay err_tls_alert: the constant says who
 * complains, the text says about what. */
#include "net/tls/tls_error.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

const struct err err_tls_expired = {"tls_expired", "certificate has expired"};
const struct err err_tls_not_yet_valid = {"tls_not_yet_valid", "certificate is not yet valid"};
const struct err err_tls_unknown_ca = {"tls_unknown_ca", "certificate of an unknown authority"};
const struct err err_tls_self_signed = {"tls_self_signed", "self-signed certificate"};
const struct err err_tls_wrong_name = {"tls_wrong_name", "certificate is for another name"};
const struct err err_tls_revoked = {"tls_revoked", "certificate has been revoked"};
const struct err err_tls_bad_certificate = {"tls_bad_certificate", "certificate not acceptable"};
const struct err err_tls_no_certificate = {"tls_no_certificate", "no certificate"};
const struct err err_tls_no_shared_cipher = {"tls_no_shared_cipher", "no shared cipher"};
const struct err err_tls_no_shared_protocol = {"tls_no_shared_protocol",
                                               "no shared version of TLS"};
const struct err err_tls_no_application_protocol = {"tls_no_application_protocol",
                                                    "no shared application protocol"};
const struct err err_tls_alert = {"tls_alert", "the peer has ended TLS with an alert"};
const struct err err_tls_handshake = {"tls_handshake", "TLS handshake failed"};
const struct err err_tls_refused = {"tls_refused", "TLS handshake refused"};
const struct err err_tls_truncated = {"truncated", "connection ended without close_notify of TLS"};
const struct err err_tls_not_tls = {"tls_not_tls", "what was received is not TLS"};
const struct err err_tls_malformed = {"protocol", "malformed TLS"};
const struct err err_tls_flood = {"tls_flood", "too many messages of TLS itself"};
const struct err err_tls_rekey = {"tls_rekey",
                                  "new keys are asked for, which the kernel cannot change"};
const struct err err_tls_material = {"tls_material", "certificate or key cannot be used"};

static const struct {
    int reason;
    const struct err *err;
} by_reason[] = {
    {SSL_R_NO_SHARED_CIPHER, &err_tls_no_shared_cipher},
    {SSL_R_NO_CIPHERS_AVAILABLE, &err_tls_no_shared_cipher},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, &err_tls_no_shared_cipher},
    {SSL_R_NO_SUITABLE_KEY_SHARE, &err_tls_no_shared_cipher},
    {SSL_R_UNSUPPORTED_PROTOCOL, &err_tls_no_shared_protocol},
    {SSL_R_VERSION_TOO_LOW, &err_tls_no_shared_protocol},
    {SSL_R_WRONG_SSL_VERSION, &err_tls_no_shared_protocol},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, &err_tls_no_shared_protocol},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, &err_tls_no_shared_protocol},
    {SSL_R_NO_APPLICATION_PROTOCOL, &err_tls_no_application_protocol},
    {SSL_R_TLSV1_ALERT_NO_RENEGOTIATION, &err_tls_alert},
    {SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL, &err_tls_no_application_protocol},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, &err_tls_no_certificate},
    {SSL_R_NO_CERTIFICATE_SET, &err_tls_no_certificate},
    {SSL_R_NO_CERTIFICATES_RETURNED, &err_tls_no_certificate},
    {SSL_R_CERTIFICATE_VERIFY_FAILED, &err_tls_bad_certificate},
    {SSL_R_CALLBACK_FAILED, &err_tls_refused},
    {SSL_R_CERT_CB_ERROR, &err_tls_refused},
    {SSL_R_WRONG_VERSION_NUMBER, &err_tls_not_tls},
    {SSL_R_HTTP_REQUEST, &err_tls_not_tls},
    {SSL_R_HTTPS_PROXY_REQUEST, &err_tls_not_tls},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, &err_tls_truncated},
};

const struct err *tls_error_of_verify(long result)
{
    switch (result) {
    case X509_V_OK:
        return NULL;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CRL_HAS_EXPIRED:
        return &err_tls_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CRL_NOT_YET_VALID:
        return &err_tls_not_yet_valid;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return &err_tls_self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        return &err_tls_unknown_ca;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
    case X509_V_ERR_EMAIL_MISMATCH:
        return &err_tls_wrong_name;
    case X509_V_ERR_CERT_REVOKED:
        return &err_tls_revoked;
    default:
        return &err_tls_bad_certificate;
    }
}

static const struct err *constant_of(unsigned long code)
{
    int reason = ERR_GET_REASON(code);

    if (ERR_GET_LIB(code) == ERR_LIB_PEM || ERR_GET_LIB(code) == ERR_LIB_X509)
        return &err_tls_material;
    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return &err_tls_handshake;
    for (size_t i = 0; i < ARRAY_LEN(by_reason); i++)
        if (by_reason[i].reason == reason)
            return by_reason[i].err;
    return reason >= SSL_AD_REASON_OFFSET ? &err_tls_alert : &err_tls_handshake;
}

const struct err *tls_error_take(struct buf *why)
{
    const char *detail;
    int flags;
    unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &detail, &flags);
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    if (why && reason)
        buf_printf(why, "%s", reason);
    else if (why && code)
        buf_printf(why, "error %08lx", code);
    if (why && code && (flags & ERR_TXT_STRING) && detail && *detail)
        buf_printf(why, " (%s)", detail);
    ERR_clear_error();
    return code ? constant_of(code) : &err_tls_handshake;
}
