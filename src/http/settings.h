/* Limits and timeouts of the HTTP server: one struct per place where they can differ (server,
 * location).
 *
 * Filled by the configuration or by the options of a server made in code; read-only from then on,
 * and alive as long as any exchange that uses it. Times in milliseconds (0: no limit), sizes in
 * bytes. */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

#include "base/base.h"
#include "proto/h2_session.h"

/* Which request bodies that are read as a whole go to a file. */
enum body_file {
    BODY_FILE_LARGE, /* those that are larger than body_buffer_size */
    BODY_FILE_CLEAN, /* all */
    BODY_FILE_KEPT,  /* all, and the files stay */
};

/* Of a body whose content coding is undone. */
struct body_limits {
    int64_t max_size;   /* decoded bytes; 0: unlimited */
    unsigned max_ratio; /* decoded bytes for each one that was sent; 0: unlimited */
};

/* When a connection that we end is read on, so that its peer gets to read the answer. */
enum lingering {
    LINGERING_OFF,
    LINGERING_ON, /* when the peer may still be sending */
    LINGERING_ALWAYS,
};

struct http_settings {
    uint64_t header_timeout;        /* 60 s: first byte of a head to its last */
    uint64_t proxied_timeout;       /* the header of the PROXY protocol; 0: as header_timeout */
    uint64_t body_timeout;          /* 60 s: between two reads of a body */
    uint64_t send_timeout;          /* 60 s: between two writes */
    uint64_t keepalive_timeout;     /* 75 s: idle between requests; 0 closes after each */
    uint64_t keepalive_min_timeout; /* 0.2 s: of them an end of the server leaves so much */
    uint64_t keepalive_time;        /* 1 h: requests of one connection since it was made */
    uint64_t keepalive_header;      /* value of a Keep-Alive field in seconds; 0: none */
    uint64_t lingering_timeout;     /* 5 s: between two reads of a peer's last bytes, behind ours */
    uint64_t lingering_time;        /* 30 s: all of that together */
    enum lingering lingering;
    int64_t max_body_size;      /* 1 MiB; 0: unlimited */
    bool decodes_body;          /* content codings of request bodies are undone */
    struct body_limits decoded; /* then; 1 MiB, 100 */
    enum body_file body_file;
    size_t body_buffer_size;     /* 16 KiB: more goes to a temporary file */
    size_t header_line;          /* 8 KiB: a request line or header line */
    size_t header_block;         /* 32 KiB: a whole head */
    unsigned header_count;       /* 1,000 fields */
    unsigned keepalive_requests; /* 1000 */
    size_t send_watermark;       /* 64 KiB: queued output above which producers pause */
    size_t file_budget;          /* 2 MiB: of files in one turn of a connection; 0: no limit */
    size_t send_rate;            /* bytes a second of one response; 0: as fast as it goes */
    size_t send_rate_after;      /* so many of them first at full speed */
    bool logs_connection;        /* the access log tells of the connection: it is asked in time */
    const char *temp_path;       /* directory of temporary files */
    const char *server_name;     /* value of the Server field; NULL: none */
    struct h2_options http2;     /* windows and limits of HTTP/2 */
    bool ends_when_sent;         /* an exchange is over when the answer has gone out, not before */
    bool has_http2;              /* HTTP/2 is spoken with clients that want it */
    bool has_connect;            /* CONNECT reaches handlers */
    bool has_chunks;             /* of unknown length goes in chunks to who knows them */
    bool is_nodelay;
    bool has_sendfile;
    bool does_check_abort; /* a peer that ends its side cancels the exchange even before the answer
                              began */
};

/* The defaults above. */
extern const struct http_settings http_settings_default;

/* Is a connection that we end read on, if its peer may still be sending or not? */
static inline bool http_settings_lingers(const struct http_settings *s, bool may_send)
{
    bool wanted = s->lingering == LINGERING_ALWAYS || (s->lingering == LINGERING_ON && may_send);

    return wanted && s->lingering_timeout && s->lingering_time;
}

#endif
