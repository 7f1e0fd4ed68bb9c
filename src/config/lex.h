/* The words of nginx's configuration syntax. Pure: text in, tokens out.
 *
 * A statement is one or more words ended by `;` or `{`. Inside words and quotes \" \' \\ \t \r \n
 * are recognised, any other backslash is kept together with what follows it, and `${name}` does not
 * open a block. Which token may come where is checked here, with nginx's messages; whether blocks
 * balance is checked by the tree. */
#ifndef CONFIG_LEX_H
#define CONFIG_LEX_H

#include "base/base.h"
#include "base/pool.h"
#include "base/slice.h"
#include "config/config_error.h"

/* The longest word or Lua block, in bytes. */
#define LEX_TOKEN_MAX (1024 * 1024)

enum lex_kind {
    LEX_WORD,
    LEX_END,   /* ; */
    LEX_OPEN,  /* { */
    LEX_CLOSE, /* } */
    LEX_EOF,
};

struct lex_token {
    enum lex_kind kind;
    struct slice text; /* of a word: unescaped, terminated, in the pool given to lex_next */
    bool quoted;       /* the word stood in quotes */
    unsigned line;     /* where the token starts */
    unsigned column;   /* bytes of its line before it */
};

/* Lives on the stack of whoever reads; borrows text and file name. Fields are private to lex.c, but
 * `line` (of the last byte taken) and `file` may be read. */
struct lex {
    struct slice text;
    size_t at, line_at; /* where the next byte, and its line, begin */
    const char *file;
    unsigned line;
    unsigned words;      /* words of the statement that is being read */
    bool is_parameter;   /* the text comes from -g: no lines, other messages */
    bool is_after_quote; /* only space, `;`, `{` or `)` may follow */
};

/* Starts at the first line of `text`. `file` is for messages; NULL means text from -g. */
void lex_init(struct lex *l, struct slice text, const char *file);

/* The next token. False with `e` filled when the text is not well formed; do not go on then. */
bool lex_next(struct lex *l, struct pool *pool, struct lex_token *token_out,
              struct config_error *e) MUST_USE;

/* To be called after LEX_OPEN: takes raw Lua up to the brace that balances the one just read
 * (braces in Lua strings, long brackets and comments do not count), and that brace. `lua_out`
 * borrows from the text. */
bool lex_lua_block(struct lex *l, struct slice *lua_out, struct config_error *e) MUST_USE;

#endif
