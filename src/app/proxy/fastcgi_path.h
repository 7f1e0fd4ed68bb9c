/* The path of a request for a FastCGI server. */
#ifndef APP_PROXY_FASTCGI_PATH_H
#define APP_PROXY_FASTCGI_PATH_H

#include "base/slice.h"

struct visit;

/* Of the path of the request, by fastcgi_split_path_info and fastcgi_index: the script's. */
struct slice fastcgi_path_script(struct visit *v);

/* And what stands behind that. */
struct slice fastcgi_path_info(struct visit *v);

#endif
