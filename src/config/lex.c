/* Two small scanners over one text: words of the configuration, and raw Lua between braces.
 *
 * scan_bare and scan_quoted find where a word ends, still escaped; unescape makes its value. They
 * are two passes because what ends a word (an unescaped space, `;`, `{` or the quote) does not
 * depend on the value. The Lua scanner knows just enough of Lua to tell braces of the program from
 * braces in strings, long brackets and comments: to teach it another construct, add a branch to
 * take_lua_token. An unfinished Lua string is no error here (the compiler has the better message);
 * its quote counts as an ordinary byte. */
#include "config/lex.h"

#include "base/check.h"

void lex_init(struct lex *l, struct slice text, const char *file)
{
    bool has_mark = slice_has_prefix(text, SLICE("\xEF\xBB\xBF")); /* of UTF-8, by some editors */

    *l = (struct lex){.text = text,
                      .at = has_mark ? 3 : 0,
                      .line_at = has_mark ? 3 : 0,
                      .file = file ? file : CONFIG_COMMAND_LINE,
                      .line = file ? 1 : 0,
                      .is_parameter = file == NULL};
}

/* Takes `n` bytes and counts their lines. */
static void take(struct lex *l, size_t n)
{
    const char *p = l->text.p + l->at;

    l->at += n;
    if (l->is_parameter)
        return;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
        l->line++;
        l->line_at = (size_t)(p + 1 - l->text.p);
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct lex *l)
{
    size_t i = l->at;

    while (i < l->text.n) {
        if (l->text.p[i] == '#' && !l->is_after_quote) {
            const char *end = memchr(l->text.p + i, '\n', l->text.n - i);
            i = end ? (size_t)(end - l->text.p) : l->text.n;
        } else if (is_space(l->text.p[i])) {
            l->is_after_quote = false;
            i++;
        } else {
            break;
        }
    }
    take(l, i - l->at);
}

static bool unexpected(struct lex *l, char c, struct config_error *e)
{
    return config_error_set(e, l->file, l->line, "unexpected \"%c\"", c);
}

static bool unexpected_end(struct lex *l, struct config_error *e)
{
    if (l->is_parameter)
        return config_error_set(e, l->file, 0, "unexpected end of parameter, expecting \";\"");
    return config_error_set(e, l->file, l->line,
                            "unexpected end of file, expecting \";\" or \"}\"");
}

/* The value of the escaped word `raw`, in the pool. */
static struct slice unescape(struct pool *pool, struct slice raw)
{
    char *out = pool_alloc(pool, raw.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        char next = raw.p[i] == '\\' && i + 1 < raw.n ? raw.p[i + 1] : '\0';
        switch (next) {
        case '"':
        case '\'':
        case '\\':
            out[n++] = next;
            i++;
            break;
        case 't':
        case 'r':
        case 'n':
            out[n++] = next == 't' ? '\t' : next == 'r' ? '\r' : '\n';
            i++;
            break;
        default:
            out[n++] = raw.p[i];
        }
    }
    out[n] = '\0';
    return slice_of(out, n);
}

/* Index of the quote that closes the string whose text begins at `i`; text.n when there is none. */
static size_t scan_quoted(struct slice text, size_t i, char quote)
{
    while (i < text.n && text.p[i] != quote)
        i += text.p[i] == '\\' ? 2 : 1;
    return MIN(i, text.n);
}

/* Index of the byte that ends the bare word that begins at `i`; text.n when there is none. */
static size_t scan_bare(struct slice text, size_t i)
{
    bool is_variable = false; /* a `$` stands before: a brace belongs to the word */

    for (; i < text.n; i++) {
        char c = text.p[i];
        if (c == '{' && is_variable)
            continue;
        is_variable = c == '$';
        if (c == '\\')
            i++;
        else if (is_space(c) || c == ';' || c == '{')
            return i;
    }
    return text.n;
}

/* Also met when a quote is missing far above: says which. */
static bool too_long(struct lex *l, char quote, unsigned line, struct config_error *e)
{
    if (quote)
        return config_error_set(e, l->file, line,
                                "too long parameter, probably missing terminating \"%c\" character",
                                quote);
    return config_error_set(e, l->file, line, "too long parameter \"%.10s...\" started",
                            l->text.p + l->at);
}

static bool take_word(struct lex *l, struct pool *pool, struct lex_token *t, struct config_error *e)
{
    char first = l->text.p[l->at];
    char quote = first == '"' || first == '\'' ? first : '\0';
    size_t start = l->at + (quote ? 1 : 0);
    size_t end = quote ? scan_quoted(l->text, start, quote) : scan_bare(l->text, start);
    struct slice raw = slice_of(l->text.p + start, end - start);

    if (raw.n > LEX_TOKEN_MAX)
        return too_long(l, quote, t->line, e);
    if (end == l->text.n) {
        take(l, end - l->at);
        unexpected_end(l, e);
        if (quote && !l->is_parameter)
            config_error_hint(e, "the string opened with %c in line %u is not closed", quote,
                              t->line);
        return false;
    }
    take(l, end + (quote ? 1 : 0) - l->at);
    l->is_after_quote = quote != '\0';
    l->words++;
    t->kind = LEX_WORD;
    t->quoted = quote != '\0';
    t->text = unescape(pool, raw);
    return true;
}

static bool take_mark(struct lex *l, enum lex_kind kind, struct lex_token *t)
{
    t->kind = kind;
    take(l, 1);
    l->words = 0;
    l->is_after_quote = false;
    return true;
}

bool lex_next(struct lex *l, struct pool *pool, struct lex_token *t, struct config_error *e)
{
    char c;

    skip_blanks(l);
    *t = (struct lex_token){.kind = LEX_EOF, .text = SLICE_EMPTY, .line = l->line};
    t->column = (unsigned)(l->at - l->line_at);
    if (l->at == l->text.n)
        return l->words == 0 || unexpected_end(l, e);
    c = l->text.p[l->at];
    if (c == ';' || c == '{') {
        if (l->words == 0)
            return unexpected(l, c, e);
        return take_mark(l, c == ';' ? LEX_END : LEX_OPEN, t);
    }
    if (l->is_after_quote && c != ')')
        return unexpected(l, c, e);
    if (c == '}') {
        if (l->words > 0)
            return unexpected(l, c, e);
        return take_mark(l, LEX_CLOSE, t);
    }
    return take_word(l, pool, t, e);
}

/* Bytes of the opening long bracket at `s` ("[[" 2, "[=[" 3 …); 0 when there is none. */
static size_t long_bracket(struct slice s)
{
    size_t n = 1;

    if (s.n < 2 || s.p[0] != '[')
        return 0;
    while (n < s.n && s.p[n] == '=')
        n++;
    return n < s.n && s.p[n] == '[' ? n + 1 : 0;
}

/* Bytes up to and with the bracket that closes the one of `open` bytes at the start of `s`; 0:
 * there is none. */
static size_t closing_bracket(struct slice s, size_t open)
{
    for (size_t i = open; i + open <= s.n; i++) {
        const char *p = memchr(s.p + i, ']', s.n - open + 1 - i);
        if (!p)
            break;
        i = (size_t)(p - s.p);
        if (s.p[i + open - 1] == ']' && memcmp(s.p + i + 1, s.p + 1, open - 2) == 0)
            return i + open;
    }
    return 0;
}

/* Takes the long bracket of `open` bytes that begins `prefix` bytes ahead (2 for a comment). */
static bool take_long_bracket(struct lex *l, size_t prefix, size_t open, struct config_error *e)
{
    struct slice s = slice_from(l->text, l->at + prefix);
    size_t n = closing_bracket(s, open);

    if (n == 0)
        return config_error_set(e, l->file, l->line,
                                "Lua code block missing the closing long bracket \"]%.*s]\", "
                                "the inlined Lua code may be too long",
                                (int)MIN(open - 2, 100), s.p + 1);
    take(l, prefix + n);
    return true;
}

/* Bytes of the Lua string at `s`, quotes included; 0 when it does not end in its line. */
static size_t lua_string(struct slice s)
{
    size_t i = 1;

    while (i < s.n && s.p[i] != s.p[0]) {
        if (s.p[i] == '\n')
            return 0;
        if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'z') {
            for (i += 2; i < s.n && (is_space(s.p[i]) || s.p[i] == '\f' || s.p[i] == '\v');)
                i++;
            continue;
        }
        if (s.p[i] == '\\')
            i += i + 2 < s.n && s.p[i + 1] == '\r' && s.p[i + 2] == '\n' ? 3 : 2;
        else
            i++;
    }
    return i < s.n ? i + 1 : 0;
}

/* Takes one thing that is not a brace: a string, a comment, a long bracket, or one byte. */
static bool take_lua_token(struct lex *l, struct config_error *e)
{
    struct slice s = slice_from(l->text, l->at);
    size_t n;

    if (s.n >= 2 && s.p[0] == '-' && s.p[1] == '-') {
        const char *end;
        n = long_bracket(slice_from(s, 2));
        if (n)
            return take_long_bracket(l, 2, n, e);
        end = memchr(s.p, '\n', s.n);
        take(l, end ? (size_t)(end - s.p) + 1 : s.n);
        return true;
    }
    if (s.p[0] == '[' && (n = long_bracket(s)) != 0)
        return take_long_bracket(l, 0, n, e);
    n = s.p[0] == '"' || s.p[0] == '\'' ? lua_string(s) : 1;
    take(l, n ? n : 1);
    return true;
}

bool lex_lua_block(struct lex *l, struct slice *lua_out, struct config_error *e)
{
    size_t start = l->at;
    unsigned level = 1, opened = l->line;

    CHECK(l->words == 0 && start > 0 && l->text.p[start - 1] == '{');
    while (l->at < l->text.n) {
        char c = l->text.p[l->at];
        if (c == '}' && --level == 0) {
            *lua_out = slice_of(l->text.p + start, l->at - start);
            take(l, 1);
            if (lua_out->n > LEX_TOKEN_MAX)
                return config_error_set(e, l->file, opened,
                                        "too long lua code block, probably missing terminating "
                                        "characters");
            return true;
        }
        if (c == '{') {
            level++;
            opened = l->line;
        }
        if (c == '{' || c == '}')
            take(l, 1);
        else if (!take_lua_token(l, e))
            return false;
    }
    return config_error_set(
        e, l->file, opened,
        "unexpected end of file, expecting terminating characters for lua code block");
}
