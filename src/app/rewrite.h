/* The rewrite module at work: set, if, break, return and rewrite as steps.
 *
 * The steps of a server or of a location, those in the bodies of its `if`s included, are one flat
 * list: a condition that does not hold skips the steps of its body. The location that an `if`
 * brings has the same list, so a visit can change to it in the middle of the phase. */
#ifndef APP_REWRITE_H
#define APP_REWRITE_H

#include "app/location.h"
#include "app/variables/captures.h"
#include "app/variables/script.h"

struct lua_code;

/* The location of an `if` whose body says more than the rewrite module's own directives. */
struct rewrite_if {
    struct location *loc;
    struct lua_code *rewrite_by_lua;
    struct rewrite_if *next;
};

/* The list that is being compiled. On the stack of who applies the block. */
struct rewrite_block {
    struct location *loc; /* whose steps they are */
    enum phase phase;
    struct rewrite_if *ifs;
    unsigned *end;    /* number of steps once complete, for `break`; NULL: nobody asked */
    bool has_rewrite; /* the URI may change without `last` */
};

enum rewrite_test {
    REWRITE_IS_TRUE, /* not empty and not "0" */
    REWRITE_EQUAL,
    REWRITE_NOT_EQUAL,
    REWRITE_MATCH,
    REWRITE_NO_MATCH,
    REWRITE_FILE,
    REWRITE_DIR,
    REWRITE_EXISTS,
    REWRITE_EXECUTABLE,
};

/* A regex, with its text for the log. */
struct rewrite_pattern {
    struct slice text;
    const struct regex *regex;
    const struct captures_names *names;
};

struct rewrite_condition {
    enum rewrite_test test;
    bool is_negated; /* of tests of files */
    struct script *left, *right;
    struct rewrite_pattern pattern;
};

/* arg of rewrite_step_if */
struct rewrite_if_step {
    struct rewrite_condition condition;
    unsigned skip;              /* steps of the body */
    const struct location *loc; /* NULL: the body changes none */
};

/* arg of rewrite_step_set */
struct rewrite_set_step {
    const struct variable *variable;
    struct script *value;
};

/* arg of rewrite_step_return */
struct rewrite_return_step {
    int status;
    struct script *text;
    bool has_text;    /* it was given and is not empty */
    bool is_redirect; /* `text` is the value of Location */
};

enum rewrite_flag { REWRITE_GO_ON, REWRITE_LAST, REWRITE_BREAK, REWRITE_REDIRECT };

/* A replacement in pieces: what captures bring is escaped where it becomes part of a URL. */
struct rewrite_text {
    struct rewrite_piece {
        struct script *script;
        bool is_capture;
    } * pieces;
    unsigned n;
};

/* arg of rewrite_step_rewrite */
struct rewrite_rule {
    struct rewrite_pattern pattern;
    struct rewrite_text path, query; /* query: behind the first `?` of the replacement */
    bool has_query;
    bool keeps_args; /* the request's arguments are appended */
    enum rewrite_flag flag;
    int status;    /* of a redirect */
    unsigned *end; /* where `break` goes on */
};

/* The step of `if`; arg is a struct rewrite_if_step. Skips the body, or goes on in it with its
 * location. */
enum step_result rewrite_step_if(struct visit *v, const struct step *s);

/* The step of `set`; arg is a struct rewrite_set_step. */
enum step_result rewrite_step_set(struct visit *v, const struct step *s);

/* The step of `return`; arg is a struct rewrite_return_step. Answers. */
enum step_result rewrite_step_return(struct visit *v, const struct step *s);

/* The step of `rewrite`; arg is a struct rewrite_rule. */
enum step_result rewrite_step_rewrite(struct visit *v, const struct step *s);

/* The step of `break`; arg is an unsigned: the step to go on with. */
enum step_result rewrite_step_break(struct visit *v, const struct step *s);

/* Adds a step to the list that is being compiled. */
void rewrite_block_add(struct rewrite_block *b, step_fn run, const void *arg, unsigned line);

/* Where the list will end, for `break`. */
unsigned *rewrite_block_break(struct rewrite_block *b);

/* The list is complete: gives it to the locations of its `if`s too. */
void rewrite_block_end(struct rewrite_block *b);

#endif
