/* The text of -v and -V, made for programs that read it: test harnesses take the last number behind
 * a slash of the first line for the version of nginx whose behaviour is offered, and look for
 * modules among the arguments. That is why our own version stands without a slash before it. */
#include "proc/version.h"

#include "app/ffi_ngx.h"

/* The library's own function; its headers stay with net/tls. 0 asks for name, version and date. */
extern const char *OpenSSL_version(int what);

void version_text(bool all, struct buf *out)
{
    buf_add_lit(out, "nginx version: perilune " PERILUNE_VERSION " (nginx/1.31.2)\n");
    if (!all)
        return;
    buf_add_lit(out, "built by gcc " __VERSION__ "\n");
    buf_printf(out, "built with %s\n", OpenSSL_version(0));
    buf_printf(out, "TLS SNI support enabled\nconfigure arguments: %s\n", ffi_ngx_configure());
}
