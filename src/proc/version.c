/* The text of -v and -V, made for programs that read it: test harnesses take the last number behind
 * a slash of the first line for the version of nginx whose behaviour is offered, and look for
 * modules among the arguments. That is why our own version stands without a slash before it. */
#include "proc/version.h"

#include "base/product.h"
#include "net/tls/tls_info.h"

void version_text(bool all, struct buf *out)
{
    if (product_is_stand_in())
        buf_printf(out, "nginx version: %s (perilune " PERILUNE_VERSION ")\n", product_token());
    else
        buf_add_lit(out,
                    "nginx version: perilune " PERILUNE_VERSION " (nginx/" NGINX_VERSION ")\n");
    if (!all)
        return;
    buf_add_lit(out, "built by gcc " __VERSION__ "\n");
    buf_printf(out, "built with %s\n", tls_info_library());
    buf_add_lit(out, "TLS SNI support enabled\n"
                     "configure arguments: " NGINX_ARGUMENTS "\n");
}
