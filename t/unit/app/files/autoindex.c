/* Listings: order, what is left out, escaping, both forms. */
#include "app/files/autoindex.h"

#include <errno.h>

#include "../captured.h"

enum { OLD = 1000000000 };

static struct captured t;

static int setup(void **state)
{
    UNUSED(state);
    captured_init(&t);
    captured_again(&t, "/x/");
    captured_file(&t, "b.txt", SLICE("12345"), OLD);
    captured_file(&t, "a&<\"'>%?#.txt", SLICE("1"), OLD);
    captured_file(&t, ".hidden", SLICE("1"), OLD);
    assert_int_equal(mkdir(captured_path(&t, "zdir"), 0755), 0);
    assert_int_equal(mkfifo(captured_path(&t, "fifo"), 0644), 0);
    assert_int_equal(symlink("b.txt", captured_path(&t, "link")), 0);
    return 0;
}

static int teardown(void **state)
{
    UNUSED(state);
    captured_end(&t);
    return 0;
}

static const char *page(const char *type)
{
    struct slice page, got;

    assert_int_equal(autoindex_page(&t.w.v, slice_str(t.dir), &page, &got), 0);
    assert_string_equal(world_text(&t.w, got), type);
    return world_text(&t.w, page);
}

static const char *html(void)
{
    return page("text/html; charset=utf-8");
}

static void test_html(void **state)
{
    const char *p = html(), *dir = strstr(p, "<a href=\"zdir/\">zdir/</a>"),
               *file = strstr(p, "<a href=\"b.txt\">b.txt</a></td><td class=\"n\">5</td>"
                                 "<td class=\"n t\">2001-09-09 01:46</td>");

    UNUSED(state);
    assert_non_null(dir);
    assert_non_null(file);
    assert_true(dir < file);
    assert_non_null(strstr(p, "<a href=\"../\">../</a>"));
    assert_non_null(strstr(p, "<title>Index of /x/</title>"));
    assert_non_null(strstr(p, "href=\"a%26%3C%22%27%3E%25%3F%23.txt\""));
    assert_non_null(strstr(p, ">a&amp;&lt;&quot;&#39;&gt;%?#.txt<"));
    assert_null(strstr(p, "hidden"));
    assert_null(strstr(p, "fifo"));
    assert_non_null(strstr(p, ">link<"));
}

static void test_path_is_escaped(void **state)
{
    UNUSED(state);
    t.w.x.req.path = SLICE("/<script>/");
    assert_null(strstr(html(), "<script>"));
    assert_non_null(strstr(html(), "Index of /&lt;script&gt;/"));
    t.w.x.req.path = SLICE("/");
    assert_null(strstr(html(), "../"));
}

static void test_links_denied(void **state)
{
    UNUSED(state);
    t.w.base.symlinks = SYMLINKS_DENY;
    assert_null(strstr(html(), ">link<"));
    assert_non_null(strstr(html(), ">b.txt<"));
}

static void test_rounded_size(void **state)
{
    static char content[1536 * 1024];

    UNUSED(state);
    t.w.base.is_autoindex_exact_size = false;
    captured_file(&t, "big", slice_of(content, sizeof content), OLD);
    captured_file(&t, "mid", slice_of(content, 20 * 1024), OLD);
    assert_non_null(strstr(html(), ">big</a></td><td class=\"n\">1.5M</td>"));
    assert_non_null(strstr(html(), ">mid</a></td><td class=\"n\">20K</td>"));
    assert_non_null(strstr(html(), ">b.txt</a></td><td class=\"n\">5</td>"));
}

static void test_json(void **state)
{
    const char *p;

    UNUSED(state);
    unlink(captured_path(&t, "link"));
    rmdir(captured_path(&t, "zdir"));
    mkdir(captured_path(&t, "d"), 0755);
    t.w.base.autoindex_format = AUTOINDEX_JSON;
    p = page("application/json");
    assert_ptr_equal(strstr(p, "[\n{ \"name\":\"d\", \"type\":\"directory\", \"mtime\":\""), p);
    assert_non_null(strstr(p, " },\n{ \"name\":\"a&<\\\"'>%?#.txt\", \"type\":\"file\", \"mtime\":"
                              "\"Sun, 09 Sep 2001 01:46:40 GMT\", \"size\":1 },\n"
                              "{ \"name\":\"b.txt\", \"type\":\"file\", \"mtime\":"
                              "\"Sun, 09 Sep 2001 01:46:40 GMT\", \"size\":5 }\n]\n"));
}

static void test_accept(void **state)
{
    UNUSED(state);
    world_header(&t.w, &t.w.x.req.headers, "Accept", "application/json");
    page("application/json");
    captured_again(&t, "/");
    world_header(&t.w, &t.w.x.req.headers, "Accept", "text/html,application/json;q=0.1");
    html();
}

static void test_empty_and_errors(void **state)
{
    struct slice out, type;

    UNUSED(state);
    assert_int_equal(mkdir(captured_path(&t, "empty"), 0755), 0);
    t.w.base.autoindex_format = AUTOINDEX_JSON;
    assert_int_equal(autoindex_page(&t.w.v, slice_str(captured_path(&t, "empty")), &out, &type), 0);
    assert_true(slice_eq(out, SLICE("[\n]\n")));
    assert_int_equal(autoindex_page(&t.w.v, slice_str(captured_path(&t, "no")), &out, &type),
                     ENOENT);
    assert_int_equal(autoindex_page(&t.w.v, slice_str(captured_path(&t, "b.txt")), &out, &type),
                     ENOTDIR);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_html),
        TEST(test_path_is_escaped),
        TEST(test_links_denied),
        TEST(test_rounded_size),
        TEST(test_json),
        TEST(test_accept),
        TEST(test_empty_and_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
