/* nginx's words where it has some for the case, so that people and programs know them; else those
 * of the error. What happened exactly stands behind them. */
#include "app/proxy/proxy_log.h"

#include "base/buf.h"
#include "base/log.h"
#include "http/client/client_reach.h"
#include "http/client/client_tls.h"

bool proxy_log_is_timeout(const struct err *why)
{
    return why == &err_timeout || why == &client_err_request_timeout ||
           why == &client_err_read_timeout || why == &client_err_send_timeout ||
           why == &client_err_connect_timeout || why == &client_err_resolve_timeout ||
           why == &client_err_tls_timeout || why == &client_err_total_timeout;
}

static bool is_connecting(const struct proxy *p)
{
    return !p->up || p->up->state <= CLIENT_QUEUED || !p->up->connected_ms;
}

bool proxy_log_is_of_handshake(const struct err *why)
{
    return slice_has_prefix(slice_str(why->code), SLICE("tls_")) && !proxy_log_is_timeout(why);
}

/* `why` NULL: no error, a status. */
static const char *stage_of(const struct proxy *p, const struct err *why)
{
    if (is_connecting(p) && proxy_tls_doing(&p->how))
        return proxy_tls_doing(&p->how);
    if (is_connecting(p) && why && proxy_log_is_of_handshake(why))
        return "SSL handshaking to upstream";
    if (is_connecting(p))
        return "connecting to upstream";
    return p->has_begun ? "reading upstream" : "reading response header from upstream";
}

const char *proxy_log_words(const struct err *why)
{
    if (proxy_log_is_timeout(why))
        return "upstream timed out (110: Connection timed out)";
    return why == &err_refused ? "connect() failed (111: Connection refused)" : NULL;
}

static const char *words_of(const struct proxy *p, const struct err *why)
{
    const char *words = proxy_log_words(why);

    if (words)
        return words;
    if ((why == &err_closed || why == &err_truncated) && !is_connecting(p))
        return "upstream prematurely closed connection";
    return why->message;
}

const char *proxy_log_connect_words(const struct err *why, enum log_level *level_out)
{
    static const struct {
        const struct err *err;
        enum log_level level;
        const char *words;
    } rows[] = {
        {&err_invalid, LOG_CRIT, "22: Invalid argument"},
        {&err_denied, LOG_CRIT, "13: Permission denied"},
        {&err_not_found, LOG_CRIT, "2: No such file or directory"},
        {&err_unreachable, LOG_ERROR, "101: Network is unreachable"},
        {&err_no_address, LOG_CRIT, "99: Cannot assign requested address"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].err != why)
            continue;
        *level_out = rows[i].level;
        return rows[i].words;
    }
    return NULL;
}

/* `words` while `stage`, and whom it is about. */
static void write_line(const struct proxy *p, enum log_level level, const char *words,
                       const char *stage, struct slice target)
{
    struct slice detail = p->peer && p->up ? p->up->detail : SLICE_EMPTY;

    log_write(&p->v->x->log, level,
              "%s while %s, upstream: \"%s://" SLICE_FMT SLICE_FMT "\"%s" SLICE_FMT, words, stage,
              proxy_conf_scheme(p->conf->kind, p->pass.is_tls),
              SLICE_ARG(p->peer ? p->peer->name : p->upstream->name), SLICE_ARG(target),
              detail.n ? ", " : "", SLICE_ARG(detail));
}

static struct slice target_of(const struct proxy *p)
{
    return p->up ? p->up->req.target : SLICE_EMPTY;
}

void proxy_log_failure(const struct proxy *p, const struct err *why)
{
    enum log_level level = LOG_ERROR;
    const char *told = is_connecting(p) ? proxy_log_connect_words(why, &level) : NULL;
    struct buf words = BUF_EMPTY;

    if (told) {
        buf_printf(&words, "connect() to " SLICE_FMT " failed (%s)",
                   SLICE_ARG(p->peer ? p->peer->name : p->upstream->name), told);
    } else if (is_connecting(p) && proxy_log_is_of_handshake(why)) {
        level = LOG_CRIT;
        buf_printf(&words, PROXY_LOG_HANDSHAKE, why->message);
    }
    write_line(p, level, words.n ? buf_cstr(&words) : words_of(p, why), stage_of(p, why),
               target_of(p));
    buf_free(&words);
}

void proxy_log_complaint(const struct proxy *p, struct slice text)
{
    struct buf words = BUF_EMPTY;

    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    buf_add_lit(&words, "FastCGI sent in stderr: \"");
    exchange_add_shown(&words, text);
    buf_add_char(&words, '"');
    write_line(p, LOG_ERROR, buf_cstr(&words), stage_of(p, NULL), target_of(p));
    buf_free(&words);
}

void proxy_log_no_peer(struct proxy *p)
{
    write_line(p, LOG_ERROR, PROXY_LOG_NO_PEER, "connecting to upstream", proxy_uri(p));
}

void proxy_log_disabled(const struct proxy *p)
{
    write_line(p, LOG_WARN, PROXY_LOG_DISABLED, stage_of(p, NULL), target_of(p));
}
