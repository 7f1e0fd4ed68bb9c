/* From a URI path to a path in the file system, by root and alias of the visit's location. */
#ifndef APP_LOCATION_PATH_H
#define APP_LOCATION_PATH_H

#include "app/visit.h"

/* The directory of `root`, or what `alias` names; absolute, without the final '/' of a root.
 * Constant ones are not copied; what holds variables is evaluated now, in the visit's pool. */
struct slice location_path_root(struct visit *v);

/* The file that the decoded path `path` stands for, terminated, in the visit's pool. False (logged)
 * when there can be none: a NUL or a `..` segment in it, or an alias whose location's prefix the
 * path does not have any more. */
bool location_path_map(struct visit *v, struct slice path, struct slice *path_out);

/* Is the alias of `l` the whole name of the file, because a regex chose the location? */
bool location_path_is_alias_whole(const struct location *l);

/* The path of a URI that a program gives, decoded and inside of the root, in the visit's pool.
 * False (logged): it is not safe. */
bool location_path_read(struct visit *v, struct slice raw, struct slice *path_out);

/* Is there neither a NUL nor a `..` segment in it? */
bool location_path_is_safe(struct slice path);

#endif
