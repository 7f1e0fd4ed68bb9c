/* What a client may do to the files of a location: PUT, DELETE, MKCOL, COPY, MOVE (RFC 4918, as far
 * as nginx's module goes). */
#ifndef APP_FILES_DAV_H
#define APP_FILES_DAV_H

#include "app/visit.h"

struct dav_conf {
    uint64_t methods;       /* bits by enum method */
    mode_t file_mode;       /* of new files; directories can be entered, too, by who may read */
    unsigned least_depth;   /* slashes in the URI of a DELETE; 0: any number */
    bool creates_full_path; /* directories that are missing for PUT, COPY, MOVE */
};

/* What holds where nothing was said: no method. */
extern const struct dav_conf dav_defaults;

/* The content of a location with dav_methods: theirs, else that of static_step_content. */
enum step_result dav_step_content(struct visit *v, const struct step *s);

/* How far a Depth field goes. */
enum dav_depth { DAV_DEPTH_0, DAV_DEPTH_1, DAV_DEPTH_INFINITY, DAV_DEPTH_BAD };

/* Reads the value of Depth; p NULL: there is none, which is `infinity`. */
enum dav_depth dav_read_depth(struct slice value);

/* The path, still encoded, that a Destination field names: "/path", or a URL of http or https whose
 * authority is `host`. False: it is elsewhere, or nothing of the kind. */
bool dav_read_destination(struct slice value, struct slice host, struct slice *path_out);

#endif
