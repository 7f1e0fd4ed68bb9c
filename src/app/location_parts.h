/* What single directives of a location say: pages, fields, logs, files. */
#ifndef APP_LOCATION_PARTS_H
#define APP_LOCATION_PARTS_H

#include "base/log.h"
#include "base/slice.h"

struct script;

/* error_page 404 =200 /x; */
struct error_page {
    int status, answer; /* answer: -1 the target's own, 0 keep `status`, else this */
    struct script *target;
    struct slice query;
    bool is_named, is_url;
    struct error_page *next;
};

/* add_header, add_trailer */
struct header_rule {
    struct slice name;
    struct script *value;
    bool always;
    struct header_rule *next;
};

struct access_log {
    struct log_sink *sink; /* opened by the app; NULL: the path has variables */
    struct script *path;   /* then: under the prefix, or beginning with a variable */
    const struct log_format *format;
    struct script *condition;         /* if=; NULL: always */
    struct access_log_buffer *buffer; /* buffer=, flush=; NULL: each line is written at once */
    uint64_t complained_ms;           /* as in the sink, where there is none */
    struct access_log *next;
};

/* try_files */
struct try_files {
    struct script **names; /* the last is the fallback */
    bool *is_dir;
    unsigned n;
    int fallback_status; /* =404; 0: the fallback is a URI or a @name */
};

enum symlink_policy { SYMLINKS_FOLLOW, SYMLINKS_DENY, SYMLINKS_SAME_OWNER };

/* What is asked of the components of one path. */
struct symlink_check {
    enum symlink_policy policy;
    size_t trusted; /* bytes at the front of the path in which links are followed; 0: none */
};

enum autoindex_format { AUTOINDEX_HTML, AUTOINDEX_JSON, AUTOINDEX_JSONP, AUTOINDEX_XML };

/* What a level does with what the level above it adds to answers. */
enum header_inherit {
    INHERIT_ON,    /* it holds unless the level adds something of its own */
    INHERIT_OFF,   /* it does not */
    INHERIT_MERGE, /* it is added, too */
};

enum modified_since { MODIFIED_OFF, MODIFIED_EXACT, MODIFIED_BEFORE };

#endif
