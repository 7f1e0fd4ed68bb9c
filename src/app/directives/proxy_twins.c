/* Directives of grpc_pass and fastcgi_pass that mean what those of proxy_pass mean: each is made
 * from the one that begins with proxy_. */
#include "app/directives/tables.h"
#include "base/buf.h"
#include "config/schema.h"

enum { GRPC = 1 << 0, FASTCGI = 1 << 1, BOTH = GRPC | FASTCGI };

static const struct {
    const char *word;
    int of;
} twins[] = {
    {"connect_timeout", BOTH},
    {"read_timeout", BOTH},
    {"send_timeout", BOTH},
    {"next_upstream", BOTH},
    {"next_upstream_timeout", BOTH},
    {"next_upstream_tries", BOTH},
    {"set_header", GRPC},
    {"hide_header", BOTH},
    {"pass_header", BOTH},
    {"ignore_headers", BOTH},
    {"intercept_errors", BOTH},
    {"bind", BOTH},
    {"socket_keepalive", BOTH},
    {"buffering", FASTCGI},
    {"request_buffering", FASTCGI},
    {"buffers", FASTCGI},
    {"max_temp_file_size", FASTCGI},
    {"temp_path", FASTCGI},
    {"limit_rate", FASTCGI},
    {"pass_request_headers", FASTCGI},
    {"pass_request_body", FASTCGI},
    {"ignore_client_abort", FASTCGI},
    {"cache", FASTCGI},
    {"cache_path", FASTCGI},
    {"cache_key", FASTCGI},
    {"cache_valid", FASTCGI},
    {"cache_methods", FASTCGI},
    {"cache_min_uses", FASTCGI},
    {"cache_bypass", FASTCGI},
    {"no_cache", FASTCGI},
    {"cache_use_stale", FASTCGI},
    {"cache_background_update", FASTCGI},
    {"cache_revalidate", FASTCGI},
    {"cache_max_range_offset", FASTCGI},
    {"cache_lock", FASTCGI},
    {"cache_lock_timeout", FASTCGI},
    {"cache_lock_age", FASTCGI},
    {"ssl_verify", GRPC},
    {"ssl_server_name", GRPC},
    {"ssl_name", GRPC},
    {"ssl_trusted_certificate", GRPC},
    {"ssl_crl", GRPC},
    {"ssl_certificate", GRPC},
    {"ssl_certificate_key", GRPC},
    {"ssl_certificate_cache", GRPC},
    {"ssl_password_file", GRPC},
    {"ssl_key_log", GRPC},
    {"ssl_ciphers", GRPC},
    {"ssl_protocols", GRPC},
    {"ssl_verify_depth", GRPC},
    {"ssl_session_reuse", GRPC},
    {"ssl_conf_command", GRPC},
    {"buffer_size", BOTH},
    {"busy_buffers_size", FASTCGI},
    {"temp_file_write_size", FASTCGI},
    {"send_lowat", FASTCGI},
};

/* "grpc_x …;" of "proxy_x …;", for good. */
static const char *renamed(const char *text, const char *kind)
{
    struct buf b = BUF_EMPTY;

    if (!text)
        return NULL;
    buf_printf(&b, "%s%s", kind, text + strlen("proxy"));
    return buf_cstr(&b);
}

/* `group`: NULL: that of the other. */
static void make(struct directive *to, const char *word, const char *kind, const char *group)
{
    struct buf name = BUF_EMPTY, doc = BUF_EMPTY;
    const struct directive *from;

    buf_printf(&name, "proxy_%s", word);
    from = schema_find(buf_slice(&name), CTX_HTTP);
    *to = *from;
    to->name = renamed(from->name, kind);
    to->syntax = renamed(from->syntax, kind);
    to->default_text = renamed(from->default_text, kind);
    to->contexts &= ~(uint32_t)CTX_STREAM_ALL; /* there is neither */
    if (strcmp(from->group, SCHEMA_GROUP_ACCEPTED) != 0) {
        buf_printf(&doc, "As `%s`, for `%s_pass`.", from->name, kind);
        to->group = group ? group : from->group;
        to->doc = buf_cstr(&doc);
    }
    buf_free(&name);
}

static size_t make_all(struct directive *made)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(twins); i++) {
        if (twins[i].of & GRPC)
            make(&made[n++], twins[i].word, "grpc", NULL);
        if (twins[i].of & FASTCGI)
            make(&made[n++], twins[i].word, "fastcgi", "FastCGI");
    }
    return n;
}

void directives_proxy_twins_register(void)
{
    static struct directive made[2 * ARRAY_LEN(twins)]; /* process-wide: borrowed by the schema */
    static size_t n;                                    /* process-wide: of them; made once */

    if (n == 0)
        n = make_all(made);
    schema_register(made, n);
}
