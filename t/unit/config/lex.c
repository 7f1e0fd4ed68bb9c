#include "fixture.h"

#include "config/lex.h"

/* All tokens of `text`, as "word|'quoted word'|;|{|}" or the error. */
static void describe(const char *text, const char *file, struct buf *out)
{
    struct pool pool;
    struct lex l;
    struct lex_token t;
    struct config_error e;

    pool_init(&pool, NULL, 0);
    lex_init(&l, slice_str(text), file);
    for (;;) {
        if (!lex_next(&l, &pool, &t, &e)) {
            config_error_format(&e, CONFIG_ERROR_NGINX, out);
            break;
        }
        if (t.kind == LEX_EOF)
            break;
        if (t.kind == LEX_WORD)
            buf_printf(out, t.quoted ? "'%s'|" : "%s|", t.text.p);
        else
            buf_add_char(out, t.kind == LEX_END ? ';' : t.kind == LEX_OPEN ? '{' : '}');
    }
    pool_reset(&pool);
}

static void test_tokens(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {" \t\r\n # only a comment", ""},
        {"a;", "a|;"},
        {"a b\tc\r\nd;", "a|b|c|d|;"},
        {"a{b;}c;", "a|{b|;}c|;"},
        {"location /{}", "location|/|{}"},
        {"a # b;\n c;", "a|c|;"},
        {"a b#c;", "a|b#c|;"},
        {"a b};", "a|b}|;"},
        {"a ${b}c${d};", "a|${b}c${d}|;"},
        {"a $b{c;}", "a|$b|{c|;}"},
        {"a ${{b;", "a|${{b|;"},
        {"a 'b c' \"d;{}#\";", "a|'b c'|'d;{}#'|;"},
        {"a '' \"\";", "a|''|''|;"},
        {"'a' b;", "'a'|b|;"},
        {"a b'c\"d;", "a|b'c\"d|;"},
        {"a 'x'{b;}", "a|'x'|{b|;}"},
        {"if ('a' = \"b\") {}", "if|('a'|=|'b'|)|{}"},
        {"a \"\\\"\\'\\\\\\t\\r\\n\\d\\$\";", "a|'\"'\\\t\r\n\\d\\$'|;"},
        {"a \\;\\ \\{b\\\"c;", "a|\\;\\ \\{b\"c|;"},
        {"a \\'b c;", "a|'b|c|;"},
        {"a \"line\nline\";", "a|'line\nline'|;"},
        {"a '\\\\';", "a|'\\'|;"},
        {"a '\\'';", "a|'''|;"},
        {";", "unexpected \";\" in f:1"},
        {"\n{", "unexpected \"{\" in f:2"},
        {"a;;", "a|;unexpected \";\" in f:1"},
        {"a\n b\n }", "a|b|unexpected \"}\" in f:3"},
        {"a \"b\"c;", "a|'b'|unexpected \"c\" in f:1"},
        {"a 'b'}", "a|'b'|unexpected \"}\" in f:1"},
        {"a 'b'#c\n;", "a|'b'|unexpected \"#\" in f:1"},
        {"a 'b''c';", "a|'b'|unexpected \"'\" in f:1"},
        {"\na b", "a|unexpected end of file, expecting \";\" or \"}\" in f:2"},
        {"a b\n\n", "a|b|unexpected end of file, expecting \";\" or \"}\" in f:3"},
        {"a b\\", "a|unexpected end of file, expecting \";\" or \"}\" in f:1"},
        {"a\n'b\n\n",
         "a|unexpected end of file, expecting \";\" or \"}\" in f:4; the string opened "
         "with ' in line 2 is not closed"},
        {"a \"b\\", "a|unexpected end of file, expecting \";\" or \"}\" in f:1; the string opened "
                    "with \" in line 1 is not closed"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = BUF_EMPTY;

        describe(cases[i].text, "f", &out);
        if (strcmp(buf_cstr(&out), cases[i].expected) != 0)
            fail_msg("<%s>: got <%s>", cases[i].text, buf_cstr(&out));
        buf_free(&out);
    }
}

static void test_parameter(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"daemon off;", "daemon|off|;"},
        {"daemon\noff", "daemon|unexpected end of parameter, expecting \";\" in command line"},
        {"daemon 'off", "daemon|unexpected end of parameter, expecting \";\" in command line"},
        {"\n;", "unexpected \";\" in command line"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = BUF_EMPTY;

        describe(cases[i].text, NULL, &out);
        assert_string_equal(buf_cstr(&out), cases[i].expected);
        buf_free(&out);
    }
}

static void test_lines(void **state)
{
    const char *text = "a\n\nb 'c\nd'\n;";
    const unsigned lines[] = {1, 3, 3, 5, 5}, columns[] = {0, 0, 2, 0, 1};
    struct pool pool;
    struct lex l;
    struct lex_token t;
    struct config_error e;

    UNUSED(state);
    pool_init(&pool, NULL, 0);
    lex_init(&l, slice_str(text), "f");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        assert_true(lex_next(&l, &pool, &t, &e));
        assert_int_equal(t.line, lines[i]);
        assert_int_equal(t.column, columns[i]);
    }
    assert_int_equal(t.kind, LEX_EOF);
    pool_reset(&pool);
}

/* Lua blocks: what follows `x {`, and the Lua in it or the error. */
static void test_lua(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"}", ""},
        {" f() } y;", " f() "},
        {"a = {b = {}}}", "a = {b = {}}"},
        {"say('}')}", "say('}')"},
        {"say(\"}\\\"}\")}", "say(\"}\\\"}\")"},
        {"say('\\'{')}", "say('\\'{')"},
        {"s = '\\\\' }", "s = '\\\\' "},
        {"s = 'a\\\n}' }", "s = 'a\\\n}' "},
        {"s = 'a\\\r\n}' }", "s = 'a\\\r\n}' "},
        {"s = 'a\\z \n  }' }", "s = 'a\\z \n  }' "},
        {"-- }\n}", "-- }\n"},
        {"-- don't\n}", "-- don't\n"},
        {"--[ }\n}", "--[ }\n"},
        {"--[=- }\n}", "--[=- }\n"},
        {"--[[ }\n} ]]}", "--[[ }\n} ]]"},
        {"--[==[ ]] ]=] } ]==]}", "--[==[ ]] ]=] } ]==]"},
        {"s = [[}'\"]]}", "s = [[}'\"]]"},
        {"s = [=[ ]] } ]=] }", "s = [=[ ]] } ]=] "},
        {"s = [[ok--]] }", "s = [[ok--]] "},
        {"s = [[a\\]] }", "s = [[a\\]] "},
        {"t[u[1]] = {} }", "t[u[1]] = {} "},
        {"]=] }", "]=] "},
        {"a - -b }", "a - -b "},
        {"s = 'open }\n }", "s = 'open "},
        {"s = 'open }\n } ' }", "s = 'open "},
        {"s = [[a\n]=]", "Lua code block missing the closing long bracket \"]]\", the inlined Lua "
                         "code may be too long in f:1"},
        {"\n\n--[==[ ]=] }",
         "Lua code block missing the closing long bracket \"]==]\", the inlined "
         "Lua code may be too long in f:3"},
        {"a\n{\n\n}\n", "unexpected end of file, expecting terminating characters for lua code "
                        "block in f:2"},
        {"-- }", "unexpected end of file, expecting terminating characters for lua code block in "
                 "f:1"},
        {"'", "unexpected end of file, expecting terminating characters for lua code block in f:1"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text = BUF_EMPTY, got = BUF_EMPTY;
        struct pool pool;
        struct lex l;
        struct lex_token t;
        struct slice lua;
        struct config_error e;

        buf_printf(&text, "x {%s", cases[i].text);
        pool_init(&pool, NULL, 0);
        lex_init(&l, buf_slice(&text), "f");
        assert_true(lex_next(&l, &pool, &t, &e));
        assert_true(lex_next(&l, &pool, &t, &e));
        if (lex_lua_block(&l, &lua, &e))
            buf_add_slice(&got, lua);
        else
            config_error_format(&e, CONFIG_ERROR_NGINX, &got);
        if (strcmp(buf_cstr(&got), cases[i].expected) != 0)
            fail_msg("<%s>: got <%s>", cases[i].text, buf_cstr(&got));
        pool_reset(&pool);
        buf_free(&text);
        buf_free(&got);
    }
}

/* A word of `n` bytes between `open` and `close`. */
static bool is_accepted(const char *open, size_t n, const char *close, struct config_error *e)
{
    struct buf text = BUF_EMPTY;
    struct pool pool;
    struct lex l;
    struct lex_token t;
    struct slice lua;
    bool ok;

    buf_add_slice(&text, slice_str(open));
    memset(buf_reserve(&text, n), 'w', n);
    text.n += n;
    buf_add_slice(&text, slice_str(close));
    pool_init(&pool, NULL, 0);
    lex_init(&l, buf_slice(&text), "f");
    do
        ok = lex_next(&l, &pool, &t, e);
    while (ok && t.kind == LEX_WORD);
    if (ok && t.kind == LEX_OPEN)
        ok = lex_lua_block(&l, &lua, e);
    pool_reset(&pool);
    buf_free(&text);
    return ok;
}

static void test_limits(void **state)
{
    static const struct {
        const char *open, *close, *message;
    } cases[] = {
        {"a ", ";", "too long parameter \"wwwwwwwwww...\" started"},
        {"a '", "';", "too long parameter, probably missing terminating \"'\" character"},
        {"a {", "}", "too long lua code block, probably missing terminating characters"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config_error e;

        assert_true(is_accepted(cases[i].open, LEX_TOKEN_MAX, cases[i].close, &e));
        assert_false(is_accepted(cases[i].open, LEX_TOKEN_MAX + 1, cases[i].close, &e));
        assert_string_equal(e.message, cases[i].message);
        assert_int_equal(e.line, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens), cmocka_unit_test(test_parameter),
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_lua),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
