/* TLS contexts: what holds for many connections of one role. Counted, because connections and
 * those who make them end independently of each other.
 *
 * Texts in the options are borrowed for the call only. */
#ifndef NET_TLS_CTX_H
#define NET_TLS_CTX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "net/tls/tls_command.h"

struct log_sink;
struct stream;
struct tls_ticket_key; /* see tls_tickets.h */
struct tls_ctx;

/* TLS_NEVER: no version, so that a set with nothing else in it is not the default. */
enum { TLS_1_0 = 1, TLS_1_1 = 2, TLS_1_2 = 4, TLS_1_3 = 8, TLS_NEVER = 16 };

/* A certificate with those above it, and its key: each by file or as PEM text. */
struct tls_credential {
    const char *cert_file, *key_file; /* NULL: the texts */
    struct slice cert_pem, key_pem;
    const struct slice *passwords; /* tried one after another on an encrypted key */
    unsigned n_passwords;
};

/* Whom to believe. */
struct tls_trust {
    const char *ca_file;   /* PEM; NULL: none */
    const char *more_file; /* PEM, trusted as well, but not named to clients; NULL: none */
    const char *ca_dir;    /* hashed directory; NULL: none */
    struct slice ca_pem;   /* empty: none */
    const char *crl_file;  /* PEM; checked for the whole chain; NULL: no check */
    bool has_system;       /* the system's authorities too */
    int signatures;        /* most of them from the peer's certificate up to a trusted one: 1 allows
                              nothing between the two; 0: 101 */
};

enum tls_verify {
    TLS_VERIFY_NONE,
    TLS_VERIFY_REQUIRED, /* no handshake without a good certificate */
    TLS_VERIFY_ASKED, /* any certificate, or none, lets the handshake pass: tls_info_verified() */
};

enum tls_answer { TLS_GO_ON, TLS_WAIT, TLS_REFUSE };

/* Calls during a handshake: a server's, unless said otherwise. The stream is the TLS stream; it
 * must not be closed, read or written inside. TLS_WAIT suspends the handshake: tls_wants() is 0,
 * and the next tls_handshake() calls the same function again. Each may be NULL. */
struct tls_hooks {
    void (*on_gone)(struct stream *s); /* it is closed, and *tls_state(s) was not NULL */
    enum tls_answer (*on_hello)(struct stream *s); /* ClientHello is there; see tls_hello.h */
    /* a certificate is about to be chosen; a client's: the server has asked for one */
    enum tls_answer (*on_certificate)(struct stream *s);
    /* a client's: the server's certificate has been judged, see tls_verify.h; TLS_GO_ON: the
     * judgement, which may have been changed, holds */
    enum tls_answer (*on_verify)(struct stream *s);
    /* with keeps_sessions: a session that can be resumed by `id`, as bytes that keep it */
    void (*on_session)(struct stream *s, struct slice id, struct slice der);
    /* the client names one: its bytes go to `out`; false: it is not known. Cannot wait */
    bool (*find_session)(struct stream *s, struct slice id, struct buf *out);
};

struct tls_server_options {
    const struct tls_credential *certs; /* of different kinds of keys; may be none with a hook */
    unsigned n_certs;
    unsigned protocols;       /* TLS_1_0 | …; 0: 1.2 and 1.3 */
    const char *ciphers;      /* of TLS 1.2 and older; NULL: HIGH without the weak ones */
    const char *ciphersuites; /* of TLS 1.3; NULL: the library's */
    const char *curves;       /* NULL: the library's */
    const char *dh_file;      /* parameters for DHE; NULL: no DHE */
    const char *alpn;         /* "h2,http/1.1", the first that the client has wins; NULL: no ALPN */
    enum tls_verify verify;   /* of clients */
    struct tls_trust trust;   /* for clients */
    struct slice scope;       /* where its sessions are resumed, see tls_scope.h; may be empty */
    struct slice staple;      /* an OCSP response in DER, shown to clients that ask; empty: none */
    bool keeps_sessions;      /* the hooks do, for clients without tickets */
    unsigned sessions_most;   /* kept by the process for them; 0: none */
    unsigned session_seconds; /* 0: 300 */
    size_t record_size;       /* largest record sent; 0: 16384 */
    const struct tls_ticket_key *ticket_keys; /* the first seals; none: keys of the hour */
    unsigned n_ticket_keys;
    const struct tls_command *commands; /* after all the others */
    unsigned n_commands;
    bool prefers_own_ciphers; /* ours is the order of preference */
    bool has_tickets;
    bool takes_early; /* early data of TLS 1.3, see tls_is_early */
    const struct tls_hooks *hooks;
    const struct log_sink *key_log; /* as for clients */
};

struct tls_client_options {
    const struct tls_credential *cert; /* NULL: none */
    unsigned protocols;                /* 0: 1.2 and 1.3 */
    const char *ciphers, *ciphersuites, *curves;
    struct tls_trust trust;             /* nothing named in it: the system's */
    const struct tls_command *commands; /* after all the others */
    unsigned n_commands;
    const struct log_sink *key_log; /* secrets of connections are written there, in the format of
                                       NSS; it outlives the context. NULL: nowhere */
    const struct tls_hooks *hooks;  /* on_certificate, on_verify, on_gone; NULL: none */
    bool skips_verify;              /* takes any certificate */
    bool skips_own_judgement; /* with on_verify: that alone decides, everything is fine before */
};

/* Makes a server's context; one reference. err_tls_material and others, with a text appended to
 * `why` (may be NULL). */
const struct err *tls_ctx_new_server(const struct tls_server_options *o, struct buf *why,
                                     struct tls_ctx **out) MUST_USE;

/* Makes a client's context; one reference. Chain and name of servers are verified unless
 * skips_verify. */
const struct err *tls_ctx_new_client(const struct tls_client_options *o, struct buf *why,
                                     struct tls_ctx **out) MUST_USE;

/* One more reference. */
struct tls_ctx *tls_ctx_ref(struct tls_ctx *c);

/* Gives a reference back and clears the pointer; the last one frees it. */
void tls_ctx_unref(struct tls_ctx **c);

/* Is it for servers? */
bool tls_ctx_is_server(const struct tls_ctx *c);

#endif
