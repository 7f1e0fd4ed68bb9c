/* The path of a request for a FastCGI server. */
#ifndef APP_PROXY_FASTCGI_PATH_H
#define APP_PROXY_FASTCGI_PATH_H

#include "base/slice.h"

struct visit;

/* The path of the request as fastcgi_split_path_info and fastcgi_index have it: the script's, and
 * what stands behind that. */
void fastcgi_path_split(struct visit *v, struct slice *script_out, struct slice *info_out);

#endif
