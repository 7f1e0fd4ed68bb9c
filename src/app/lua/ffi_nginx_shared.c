/* OpenResty's C functions of shared dictionaries, over ours. */
#include "app/lua/ffi_nginx_shared.h"

#include <string.h>

#include "app/app.h"
#include "app/zones.h"

enum { NGX_ERROR = -1, NGX_DECLINED = -5 };

void *ngx_http_lua_find_zone(const char *name, size_t n)
{
    const struct app_conf *conf = app_conf_current();
    const struct zone_conf *z =
        conf ? zones_find(conf, "lua_shared_dict", slice_of(name, n)) : NULL;

    return z ? z->dict : NULL;
}

static intptr_t put_string(const struct dict_item *item, struct ffi_nginx_value *out)
{
    if (!out->string.p || out->string.n == 0)
        return NGX_ERROR;
    out->string.n = MIN(out->string.n, item->n);
    memcpy(out->string.p, item->p, out->string.n);
    return 0;
}

intptr_t ngx_http_lua_shared_dict_get(void *zone, const char *key, size_t n,
                                      struct ffi_nginx_value *out)
{
    enum dict_result result;
    struct dict_item item;

    if (!zone)
        return NGX_ERROR;
    result = dict_get(zone, slice_of(key, n), &item);
    if (result != DICT_OK)
        return result == DICT_NOT_FOUND ? NGX_DECLINED : NGX_ERROR;
    out->type = (uint8_t)item.type;
    switch ((enum dict_type)item.type) {
    case DICT_BOOLEAN:
        out->boolean = item.number != 0;
        return 0;
    case DICT_NUMBER:
        out->number = item.number;
        return 0;
    case DICT_STRING:
        return put_string(&item, out);
    default:
        return NGX_ERROR;
    }
}

void *ngx_stream_lua_find_zone(const char *name, size_t n)
{
    return ngx_http_lua_find_zone(name, n);
}

intptr_t ngx_stream_lua_shared_dict_get(void *zone, const char *key, size_t n,
                                        struct ffi_nginx_value *out)
{
    return ngx_http_lua_shared_dict_get(zone, key, n, out);
}
