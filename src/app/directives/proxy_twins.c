/* Directives of grpc_pass, fastcgi_pass, uwsgi_pass and scgi_pass that mean what those of
 * proxy_pass mean: each is made from the one that begins with proxy_. */
#include "app/directives/tables.h"
#include "base/buf.h"
#include "config/schema.h"

enum {
    GRPC = 1 << 0,
    FASTCGI = 1 << 1,
    UWSGI = 1 << 2,
    SCGI = 1 << 3,
    PROGRAMS = FASTCGI | UWSGI | SCGI,
    TLS = GRPC | UWSGI,
    ALL = GRPC | PROGRAMS,
};

static const struct {
    const char *word, *group; /* NULL: that of the other */
    int bit;
} kinds[] = {
    {"grpc", NULL, GRPC},
    {"fastcgi", "FastCGI", FASTCGI},
    {"uwsgi", "uwsgi", UWSGI},
    {"scgi", "SCGI", SCGI},
};

static const struct {
    const char *word;
    int of;
} twins[] = {
    {"connect_timeout", ALL},
    {"read_timeout", ALL},
    {"send_timeout", ALL},
    {"next_upstream", ALL},
    {"next_upstream_timeout", ALL},
    {"next_upstream_tries", ALL},
    {"set_header", GRPC},
    {"hide_header", ALL},
    {"pass_header", ALL},
    {"ignore_headers", ALL},
    {"intercept_errors", ALL},
    {"bind", ALL},
    {"socket_keepalive", ALL},
    {"buffering", PROGRAMS},
    {"request_buffering", PROGRAMS},
    {"buffers", PROGRAMS},
    {"max_temp_file_size", PROGRAMS},
    {"temp_path", PROGRAMS},
    {"limit_rate", PROGRAMS},
    {"pass_request_headers", PROGRAMS},
    {"pass_request_body", PROGRAMS},
    {"ignore_client_abort", PROGRAMS},
    {"cache", PROGRAMS},
    {"cache_path", PROGRAMS},
    {"cache_key", PROGRAMS},
    {"cache_valid", PROGRAMS},
    {"cache_methods", PROGRAMS},
    {"cache_min_uses", PROGRAMS},
    {"cache_bypass", PROGRAMS},
    {"no_cache", PROGRAMS},
    {"cache_use_stale", PROGRAMS},
    {"cache_background_update", PROGRAMS},
    {"cache_revalidate", PROGRAMS},
    {"cache_max_range_offset", PROGRAMS},
    {"cache_lock", PROGRAMS},
    {"cache_lock_timeout", PROGRAMS},
    {"cache_lock_age", PROGRAMS},
    {"ssl_verify", TLS},
    {"ssl_server_name", TLS},
    {"ssl_name", TLS},
    {"ssl_trusted_certificate", TLS},
    {"ssl_crl", TLS},
    {"ssl_certificate", TLS},
    {"ssl_certificate_key", TLS},
    {"ssl_certificate_cache", TLS},
    {"ssl_password_file", TLS},
    {"ssl_key_log", TLS},
    {"ssl_ciphers", TLS},
    {"ssl_protocols", TLS},
    {"ssl_verify_depth", TLS},
    {"ssl_session_reuse", TLS},
    {"ssl_conf_command", TLS},
    {"buffer_size", ALL},
    {"busy_buffers_size", PROGRAMS},
    {"temp_file_write_size", PROGRAMS},
    {"send_lowat", PROGRAMS},
    {"store", PROGRAMS},
    {"store_access", PROGRAMS},
    {"force_ranges", PROGRAMS},
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

    for (size_t i = 0; i < ARRAY_LEN(twins); i++)
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
            if (twins[i].of & kinds[k].bit)
                make(&made[n++], twins[i].word, kinds[k].word, kinds[k].group);
    return n;
}

void directives_proxy_twins_register(void)
{
    enum { MOST = ARRAY_LEN(kinds) * ARRAY_LEN(twins) };
    static struct directive made[MOST]; /* process-wide: borrowed by the schema */
    static size_t n;                    /* process-wide: of them; made once */

    if (n == 0)
        n = make_all(made);
    schema_register(made, n);
}
