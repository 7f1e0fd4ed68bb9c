/* The C half of `ngx.*`. */
#include "app/lib_ngx.h"

bool lib_ngx_open(void)
{
    return true;
}

void lib_ngx_drain(void)
{
}
