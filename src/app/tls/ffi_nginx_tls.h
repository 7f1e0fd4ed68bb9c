/* What OpenResty's C functions about TLS share (ffi_nginx_ssl, ffi_nginx_certificate,
 * ffi_nginx_proxy_ssl). `*err` is set where there is no answer. */
#ifndef APP_TLS_FFI_NGINX_TLS_H
#define APP_TLS_FFI_NGINX_TLS_H

#include "app/lua/lua_step.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/stream.h"

enum {
    FFI_NGINX_TLS_OK = 0,
    FFI_NGINX_TLS_FAILED = -1,
    FFI_NGINX_TLS_DECLINED = -5, /* there is no such thing */
};

/* Answers FAILED. */
int ffi_nginx_tls_fail(const char **err, const char *why);

/* Answers OK without an error; else FAILED, with the text of `why`, or the error's own when that is
 * empty. Frees `why`. */
int ffi_nginx_tls_answer(const struct err *e, struct buf *why, const char **err);

/* Hands `what` out when rc is OK; answers rc. */
int ffi_nginx_tls_give(int rc, struct slice what, const char **out, size_t *n);

/* The client's connection: the one whose handshake the code takes part in, or that the request came
 * by. NULL: none. */
struct stream *ffi_nginx_tls_client(const char **err);

/* The server's, while the code takes part in the handshake with it: in this context, or (NONE) in
 * any. */
struct stream *ffi_nginx_tls_server(enum lua_context wanted, const char **err);

/* The client's, while its ClientHello is being looked at. */
struct stream *ffi_nginx_tls_hello(const char **err);

#endif
