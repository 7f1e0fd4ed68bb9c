/* To tell of another layer's failures, add its call here and let the protocols read by it. */
#include "http/conn_failure.h"

#include "http/server/server_conn_input.h"
#include "net/tls/tls.h"
#include "net/tls/tls_error.h"

void conn_failure_log(const struct server_conn *c, const char *call, const char *when)
{
    struct slice why = tls_error_text(c->stream);
    struct buf text = BUF_EMPTY;

    buf_printf(&text, "%s failed (SSL: %s%s" SLICE_FMT ") %s", call, c->stream->err->message,
               why.n ? ": " : "", SLICE_ARG(why), when);
    server_conn_log(c, LOG_INFO, buf_cstr(&text));
    buf_free(&text);
}

void conn_failure_read(struct server_conn *c, const char *when)
{
    const struct err *e;

    if (server_conn_read(c, CONN_INPUT_BUFFER) != STREAM_FAILED || !tls_is(c->stream))
        return;
    e = c->stream->err;
    if (e != &err_reset && e != &err_closed && e != &err_tls_truncated)
        conn_failure_log(c, "SSL_read()", when);
}
