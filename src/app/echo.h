/* echo and its kin: small answers from the configuration, for tests and for trying things out. */
#ifndef APP_ECHO_H
#define APP_ECHO_H

#include "app/location.h"

enum echo_kind {
    ECHO_TEXT,      /* words, joined by spaces */
    ECHO_DUPLICATE, /* words[0] times words[1] */
    ECHO_SLEEP,     /* words[0] seconds */
    ECHO_FLUSH,
    ECHO_READ_BODY,    /* of the request */
    ECHO_REQUEST_BODY, /* once more to the client */
    ECHO_LOCATION,     /* what words[0] (a path) with words[1] (a query) answers */
    ECHO_SUBREQUEST,   /* words: method, path, then pairs of an option and a text */
    ECHO_EXEC,         /* go to words[0] (a path) with words[1] (a query); the rest is not done */
    ECHO_STATUS,       /* the answer's status is words[0] */
};

enum echo_option {
    ECHO_QUERY, /* -q */
    ECHO_BODY,  /* -b */
    ECHO_FILE,  /* -f: the body is the content of that file */
};

enum { ECHO_OPTIONS_MOST = 2 };

/* One directive. Lives as long as the configuration. */
struct echo_line {
    enum echo_kind kind;
    struct script **words;
    unsigned n;
    bool has_newline;
    bool is_async; /* of a subrequest: next lines do not wait for it, apart from those that write */
    enum echo_option options[ECHO_OPTIONS_MOST]; /* of a subrequest: what its pairs are */
    struct echo_line *next;
};

/* The step; arg is a struct echo_line **: the first of the block's lines. Answers with all of them
 * in order, as one stream without a length. */
enum step_result echo_step(struct visit *v, const struct step *s);

#endif
