/* ssl_*: certificates, protocols, clients' certificates, sessions. What they say is kept by
 * tls_conf and becomes contexts in tls_vhosts. */
#include "app/directives/directives.h"

#include <stddef.h>

#include "app/directives/tables.h"
#include "app/tls/tls_conf.h"
#include "app/zones.h"
#include "base/file.h"
#include "base/num.h"

#define GROUP       "TLS"
#define CTX_SERVERS (CTX_HTTP | CTX_SERVER | CTX_STREAM_ALL)

static struct tls_conf *own(void *ctx)
{
    struct apply *a = ctx;

    return tls_conf_own(a->conf, a->loc);
}

static char *field_of(void *ctx, const struct config_node *node)
{
    return (char *)own(ctx) + node->schema->id;
}

static bool set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own(ctx), node, e);
}

/* A word; "auto" is the library's choice. */
static bool set_word(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice word = node->args[0];

    UNUSED(e);
    *(const char **)field_of(ctx, node) =
        slice_eq(word, SLICE("auto")) ? NULL : pool_strdup(&a->conf->pool, word);
    return true;
}

static bool set_path(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    UNUSED(e);
    *(const char **)field_of(ctx, node) = conf_material(a->conf, node->args[0]);
    return true;
}

/* --- lists --- */

/* Room for one more: of a list that is this level's own, beginning it when it is not. */
static void *grow(struct apply *a, void *list, unsigned *n, unsigned *room, size_t size)
{
    if (*room == 0)
        *n = 0;
    return pool_grow(&a->conf->pool, *room ? list : NULL, *n, room, size);
}

bool directives_tls_name(const struct apply *a, const struct config_node *node,
                         struct tls_name *out, struct config_error *e)
{
    struct slice name = node->args[0];

    if (!memchr(name.p, '$', name.n)) {
        *out = (struct tls_name){.path = conf_material(a->conf, name)};
        return true;
    }
    out->path = pool_strdup(&a->conf->pool, name);
    return directives_script(a, node, name, &out->script, e);
}

static bool read_name(struct apply *a, const struct config_node *node, struct tls_name *out,
                      struct config_error *e)
{
    if (!directives_tls_name(a, node, out, e))
        return false;
    own(a)->has_variable_names |= out->script != NULL;
    return true;
}

static bool add_certificate(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct tls_conf *t = own(ctx);
    struct apply *a = ctx;

    if (!t->certs_size && !t->keys_size)
        t->has_variable_names = false; /* that was said of the parent's */
    t->certs = grow(a, t->certs, &t->n_certs, &t->certs_size, sizeof(*t->certs));
    return read_name(a, node, &t->certs[t->n_certs++], e);
}

static bool add_key(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct tls_conf *t = own(ctx);
    struct apply *a = ctx;

    t->keys = grow(a, t->keys, &t->n_keys, &t->keys_size, sizeof(*t->keys));
    return read_name(a, node, &t->keys[t->n_keys++], e);
}

static bool set_cache(void *ctx, const struct config_node *node, struct config_error *e)
{
    return tls_conf_read_cache(((struct apply *)ctx)->conf, node, &own(ctx)->cache, e);
}

static bool read_passwords(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct tls_conf *t = own(ctx);

    return tls_conf_read_passwords(((struct apply *)ctx)->conf, node, &t->passwords,
                                   &t->n_passwords, e);
}

static bool read_ticket_key(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct tls_conf *t = own(ctx);
    struct apply *a = ctx;
    struct buf text = BUF_EMPTY;
    const struct err *err;

    if (!tls_conf_read_file(a->conf, node, &text, e))
        return false;
    t->ticket_keys =
        grow(a, t->ticket_keys, &t->n_ticket_keys, &t->ticket_keys_size, sizeof(*t->ticket_keys));
    err = tls_tickets_read(buf_slice(&text), &t->ticket_keys[t->n_ticket_keys]);
    buf_free(&text);
    if (err)
        return config_node_error(node, e, "\"" SLICE_FMT "\" must be 48 or 80 bytes",
                                 SLICE_ARG(node->args[0]));
    if (++t->n_ticket_keys > TLS_TICKET_KEYS_MOST)
        return config_node_error(node, e, "too many ticket keys");
    return true;
}

/* --- single values --- */

static bool set_protocols(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct tls_conf *t = own(ctx);

    if (!tls_conf_read_protocols(node, &t->protocols, e))
        return false;
    return (t->protocols & ~TLS_NEVER) ||
           config_node_error(node, e, "no protocol of \"ssl_protocols\" is spoken");
}

static const char *const checks[] = {"off", "on", "optional", "optional_no_ca", NULL};

static bool set_check(void *ctx, const struct config_node *node, struct config_error *e)
{
    int choice;

    if (!config_arg_enum(node, 0, checks, &choice, e))
        return false;
    own(ctx)->check = (enum tls_client_check)choice;
    return true;
}

static bool set_depth(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t n;

    if (!config_arg_int(node, 0, &n, e))
        return false;
    own(ctx)->depth = (unsigned)MIN(n, 1000);
    return true;
}

static bool set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(own(ctx), node, e);
}

enum { SESSIONS_USUAL = 20480 };

static bool read_builtin(struct tls_conf *t, struct slice number)
{
    int64_t n = SESSIONS_USUAL;

    if (number.p && (!num_parse_u63(number, &n) || n < 1))
        return false;
    t->sessions_most = (unsigned)MIN(n, INT32_MAX);
    return true;
}

/* name:size, both wanted */
static bool read_shared(struct apply *a, struct slice rest, const struct config_node *node,
                        struct config_error *e)
{
    struct slice name = slice_cut(&rest, ':');
    int64_t size;

    if (!name.n || !rest.p || !num_parse_size(rest, &size))
        return config_node_error(node, e, "invalid session cache \"shared:" SLICE_FMT "\"",
                                 SLICE_ARG(name));
    own(a)->sessions = zones_declare(a->conf, "ssl_session_cache", name, (size_t)size, node, e);
    return own(a)->sessions != NULL;
}

/* off, none, builtin[:number], shared:name:size */
static bool read_cache(struct apply *a, struct slice word, const struct config_node *node,
                       struct config_error *e)
{
    struct slice rest = word, kind = slice_cut(&rest, ':');

    if (slice_eq(word, SLICE("off")) || slice_eq(word, SLICE("none")))
        return true;
    if (slice_eq(kind, SLICE("shared")))
        return read_shared(a, rest, node, e);
    return (slice_eq(kind, SLICE("builtin")) && read_builtin(own(a), rest)) ||
           config_node_error(node, e, "invalid session cache \"" SLICE_FMT "\"", SLICE_ARG(word));
}

static bool set_session_cache(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct tls_conf *t = own(ctx);

    t->sessions_most = 0;
    t->sessions = NULL;
    for (size_t i = 0; i < node->n_args; i++)
        if (!read_cache(ctx, node->args[i], node, e))
            return false;
    return true;
}

static bool set_size(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_size(own(ctx), node, e);
}

static bool set_curves(struct tls_conf *t, const struct apply *a, struct slice list)
{
    t->curves = pool_strdup(&a->conf->pool, list);
    return true;
}

static bool add_command(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct tls_conf *t = own(ctx);
    struct apply *a = ctx;

    if (slice_ieq(node->args[0], SLICE("Groups")) || slice_ieq(node->args[0], SLICE("Curves")))
        return set_curves(t, a, node->args[1]); /* which connections copy: see tls_hello_use_ctx */
    t->commands = grow(a, t->commands, &t->n_commands, &t->commands_size, sizeof(*t->commands));
    return tls_conf_read_command(a->conf, node, TLS_ROLE_SERVER, &t->commands[t->n_commands++], e);
}

static bool set_key_log(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    own(ctx)->key_log = conf_key_log(((struct apply *)ctx)->conf, node->args[0]);
    return true;
}

/* --- the table --- */

#define ENTRY(text, args, value, about, fn)                                                        \
    .name = (text), .contexts = CTX_SERVERS, .min_args = 1, .max_args = 1, .group = GROUP,         \
    .syntax = text " " args ";", .default_text = (value), .doc = (about), .apply = (fn)

#define FIELD(text, args, value, member, about, fn)                                                \
    {                                                                                              \
        ENTRY(text, args, value, about, fn), .id = (int)offsetof(struct tls_conf, member)          \
    }

#define FLAG(text, value, member, about)                                                           \
    {                                                                                              \
        ENTRY(text, "on | off", text " " value ";", about, set_flag),                              \
            .kinds = {ARG_FLAG}, .id = (int)offsetof(struct tls_conf, member)                      \
    }

static const struct directive table[] = {
    {ENTRY(
         "ssl_certificate", "file", NULL,
         "The server's certificate in PEM, followed by those between it and the authority's. May "
         "repeat, for keys of different kinds (RSA and ECDSA): a client is shown one that it "
         "can check. Read when the configuration is loaded, and anew on a reload. The "
         "name may hold variables, or be `data:` and a variable that holds PEM: it is then read in "
         "each handshake that needs it. Values come from the handshake (`$ssl_server_name`, a "
         "`map` of it, `$remote_addr`); a name that is asked for and could leave its folder is "
         "refused.",
         add_certificate),
     .flags = DIRECTIVE_REPEATS | DIRECTIVE_VARS},
    {ENTRY("ssl_certificate_key", "file", NULL,
           "The key of a certificate in PEM; one for each `ssl_certificate`, in the same order.",
           add_key),
     .flags = DIRECTIVE_REPEATS},
    {.name = "ssl_certificate_cache",
     .contexts = CTX_SERVERS,
     .min_args = 1,
     .max_args = 3,
     .group = GROUP,
     .syntax = "ssl_certificate_cache off | max=number [inactive=time] [valid=time];",
     .default_text = "ssl_certificate_cache off;",
     .doc = "Each worker keeps so many certificates that are named by variables, with their keys, "
            "so that handshakes need not read them: until they have not been used for `inactive` "
            "(10s); after `valid` (60s) it looks whether the files are still the same. What is "
            "given as `data:` is not kept.",
     .apply = set_cache},
    {ENTRY("ssl_password_file", "file", NULL,
           "Passwords of encrypted keys, one a line, tried one after another.", read_passwords)},
    {.name = "ssl_protocols",
     .contexts = CTX_SERVERS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "ssl_protocols [TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3];",
     .default_text = "ssl_protocols TLSv1.2 TLSv1.3;",
     .doc = "Versions that are spoken. `SSLv2` and `SSLv3` are accepted without effect.",
     .apply = set_protocols},
    FIELD("ssl_ciphers", "list", "ssl_ciphers HIGH:!aNULL:!MD5;", ciphers,
          "Ciphers of TLS 1.2 and older, as the library writes lists of them.", set_word),
    FIELD("ssl_ciphersuites", "list", NULL, ciphersuites,
          "Ciphersuites of TLS 1.3, names separated by colons; the library's choice when none is "
          "given.",
          set_word),
    FIELD("ssl_ecdh_curve", "list", "ssl_ecdh_curve auto;", curves,
          "Groups for the exchange of keys, names separated by colons; `auto`: the library's.",
          set_word),
    FIELD("ssl_dhparam", "file", NULL, dh_file,
          "Parameters for ciphers with DHE; without them those are not used.", set_path),
    FLAG("ssl_prefer_server_ciphers", "off", prefers_own_ciphers,
         "Whether the order of `ssl_ciphers` decides rather than the client's."),
    FIELD("ssl_key_log", "file", NULL, key_log,
          "Where the secrets of the connections are written, as by `lua_ssl_key_log`.",
          set_key_log),
    {.name = "ssl_conf_command",
     .contexts = CTX_SERVERS,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "ssl_conf_command name value;",
     .doc =
         "A setting of the library by its own name: `MinProtocol`, `Options`, `Ciphersuites` and "
         "what else SSL_CONF_cmd(3) lists. Obeyed after all other directives. With `Options KTLS` "
         "the kernel encrypts what is sent, files by `sendfile`, where it has the module `tls` and "
         "knows the cipher (AES-GCM); elsewhere the library goes on by itself. Records are then as "
         "long as the kernel makes them, `ssl_buffer_size` notwithstanding, and a client of TLS "
         "1.3 that asks for new keys of the server, as few do after very much data, is cut off.",
     .apply = add_command},
    {ENTRY("ssl_verify_client", "on | off | optional | optional_no_ca", "ssl_verify_client off;",
           "Whether clients are asked for a certificate. `on`: a request without a good one is "
           "answered 400 (495 or 496 to `error_page`). `optional`: one that is shown must be "
           "good. `optional_no_ca`: it may also be of an unknown authority. "
           "`$ssl_client_verify` tells the result.",
           set_check),
     .kinds = {ARG_ENUM}, .choices = checks},
    FIELD("ssl_client_certificate", "file", NULL, client_ca,
          "Authorities of clients' certificates in PEM; clients are told their names.", set_path),
    FIELD("ssl_trusted_certificate", "file", NULL, trusted_ca,
          "Authorities of clients' certificates and of OCSP responses in PEM; clients are not told "
          "their names.",
          set_path),
    FIELD("ssl_crl", "file", NULL, crl,
          "Revocation lists in PEM that clients' certificates, and those above them, must not "
          "stand on. After a reload with other lists no session of before is resumed.",
          set_path),
    {ENTRY("ssl_verify_depth", "number", "ssl_verify_depth 1;",
           "How many certificates may stand between a client's and an authority's.", set_depth),
     .kinds = {ARG_NUMBER}},
    {.name = "ssl_session_cache",
     .contexts = CTX_SERVERS,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "ssl_session_cache off | none | [builtin[:number]] [shared:name:size];",
     .default_text = "ssl_session_cache none;",
     .doc = "Sessions kept for clients that do not keep them themselves (by tickets, see "
            "`ssl_session_tickets`). `shared`: by all workers together, over reloads too, in so "
            "many bytes, 8k or more: a session takes 200 to 300, more with a client's certificate; "
            "servers may name the same one. `builtin`: by each worker for itself, so many of them.",
     .apply = set_session_cache},
    FLAG("ssl_stapling", "off", has_staple,
         "Whether clients that ask are shown that the certificate is not revoked: the response of "
         "`ssl_stapling_file`, or of the certificate's OCSP responder, which each worker asks when "
         "it starts and then before the response ends, or every hour. The issuer's certificate is "
         "taken from `ssl_certificate`, `ssl_trusted_certificate` or `ssl_client_certificate`. "
         "Names of responders are looked up as `resolver` says."),
    FLAG("ssl_stapling_verify", "off", verifies_staple,
         "Accepted for compatibility: responses are always verified. They must be signed by the "
         "certificate's issuer, or by a certificate in them that the issuer has signed for this."),
    FIELD("ssl_stapling_responder", "url", NULL, staple_responder,
          "Whom to ask instead of the responder that the certificate names.", set_word),
    FIELD("ssl_stapling_file", "file", NULL, staple_file,
          "A response of the certificate's OCSP responder in DER, as `openssl ocsp -respout` "
          "writes it. Read when the configuration is loaded, and anew on a reload; no responder is "
          "asked then.",
          set_path),
    {ENTRY("ssl_session_timeout", "time", "ssl_session_timeout 5m;",
           "How long a session can be resumed.", set_time),
     .kinds = {ARG_TIME}, .id = (int)offsetof(struct tls_conf, session_timeout)},
    FLAG("ssl_session_tickets", "on", has_tickets,
         "Whether clients keep sessions themselves, sealed with a key of ours. Unless "
         "`ssl_session_ticket_key` is given, keys change every hour, are the same in all "
         "workers, and those of the hour before are still accepted."),
    {ENTRY("ssl_session_ticket_key", "file", NULL,
           "A file of 80 bytes (AES-256) or 48 (AES-128) with a key for tickets, to share it with "
           "other servers. May repeat: the first seals, all open.",
           read_ticket_key),
     .flags = DIRECTIVE_REPEATS},
    FLAG(
        "ssl_early_data", "off", has_early_data,
        "Takes requests of `http` that a client which resumes a session sends before the handshake "
        "is over (TLS 1.3, RFC 8470), up to 16 kB. Anybody who has seen them can send them again, "
        "so only GET, HEAD, OPTIONS, TRACE and PROPFIND are answered; other methods get 425, with "
        "which clients ask again later. Servers that such a request is passed on to see "
        "`Early-Data: 1`; `$ssl_early_data` is `1` until the handshake is over. That of the "
        "default server of an address holds for all."),
    {ENTRY("ssl_buffer_size", "size", "ssl_buffer_size 16k;",
           "The largest record sent, at most 16k. The first 20 kB of an answer, and those after a "
           "second of silence, go in records that fit into a packet.",
           set_size),
     .kinds = {ARG_SIZE}, .id = (int)offsetof(struct tls_conf, buffer_size)},
    FLAG("ssl_reject_handshake", "off", rejects,
         "Refuses handshakes for the names of this server; in a default server: for all names "
         "that no other server has. Needs no certificate."),
};

void directives_tls_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
