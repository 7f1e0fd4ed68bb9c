/* One row for each name, or beginning of names, of a module that is absent on purpose. To add one:
 * a row; the first that fits holds. Only names that no table of directives has are looked for here.
 */
#include "config/absent.h"

#include "base/base.h"

struct absent {
    const char *name; /* with a `*` at its end: all that begin so */
    const char *advice;
};

#define GEOIP                                                                                      \
    "there is no GeoIP module: list the networks with \"geo\", or read the database in Lua"
#define PERL  "there is no Perl module: write the handler in Lua, as with \"content_by_lua_block\""
#define IMAGE "there is no image module: pass the request to a service that scales images"
#define XSLT  "there is no XSLT module: transform the document in Lua or in the server behind"
#define MEDIA                                                                                      \
    "there is no module for pseudo-streaming: files are sent with ranges, which players ask for"
#define HTTP3   "there is no HTTP/3: clients use HTTP/2, see \"http2\""
#define MAIL    "there is no mail proxy: connections are passed on by \"stream\""
#define LIVE    "there is no such module: see \"perilune.bus\" and \"perilune.websocket\""
#define NJS     "there is no JavaScript: write the handler in Lua, as with \"content_by_lua_block\""
#define STATUS  "there is no such status page: see \"stub_status\""
#define SSI     "there are no server-side includes: compose the page in Lua"
#define LISTING "there is no such module: see \"autoindex\""
#define REDIS                                                                                      \
    "there is no such module: ask Redis in Lua, with \"perilune.redis\" or lua-resty-redis"
#define SQL     "there is no such module: ask the database in Lua, with its lua-resty library"
#define FORM    "there is no such module: read forms in Lua, with \"ngx.req.get_post_args\""
#define SECRET  "there is no such module: encrypt in Lua, with \"perilune.crypto\""
#define ARRAY   "there is no such module: make lists in Lua, with \"set_by_lua_block\""
#define XSS     "there is no such module: add the callback in Lua, with \"body_filter_by_lua_block\""
#define BROWSER "there is no such module: see \"map\" with $http_user_agent"
#define RECODE  "bodies are not recoded: see \"charset\" for what they are said to be"
#define HASHED  "there is no such module: see \"hash\" of \"upstream\" and \"balancer_by_lua_block\""
#define PURGE   "kept answers are not removed on demand: see \"proxy_cache_bypass\""
#define NAXSI   "there is no NAXSI: check requests with \"access_by_lua_block\""
#define TRACES  "there is no such module: trace requests in Lua, with opentelemetry-lua"
#define UPLOADS "there is no such module: take uploads in a handler, with \"http.form\""
#define OPENID  "there is no such module: see lua-resty-openidc"
#define AUTH    "there is no such module: see \"auth_basic\" and \"auth_request\""
#define COMMENT "a comment begins with \"#\""
#define LOOP    "it belongs to an event method of another system: remove it"

static const struct absent table[] = {
    {"//*", COMMENT},
    {"/**", COMMENT},
    {"--*", COMMENT},
    {"<!--*", COMMENT},
    {"geoip*", GEOIP},
    {"perl", PERL},
    {"perl_*", PERL},
    {"image_filter*", IMAGE},
    {"xslt_*", XSLT},
    {"xml_*", XSLT},
    {"mp4", MEDIA},
    {"mp4_*", MEDIA},
    {"flv", MEDIA},
    {"http3", HTTP3},
    {"http3_*", HTTP3},
    {"quic_*", HTTP3},
    {"mail", MAIL},
    {"nchan_*", LIVE},
    {"push_stream_*", LIVE},
    {"rtmp*", "there is no RTMP: use a media server, connections are passed on by \"stream\""},
    {"js_*", NJS},
    {"vhost_traffic_status*", STATUS},
    {"api", STATUS},
    {"ssi", SSI},
    {"ssi_*", SSI},
    {"fancyindex*", LISTING},
    {"subs_filter*", "there is no such module: see \"sub_filter\""},
    {"auth_pam*", "there is no PAM: see \"auth_basic\" and \"auth_request\""},
    {"auth_ldap*", "there is no LDAP: see \"auth_request\""},
    {"modsecurity*", "there is no ModSecurity: check requests with \"access_by_lua_block\""},
    {"pagespeed*", "there is no PageSpeed module: remove it"},
    {"passenger_*", "there is no Passenger: start the program by itself, see \"proxy_pass\""},
    {"degrad*", "requests are not refused by use of memory: see \"limit_conn\", \"limit_req\""},
    {"google_perftools_profiles", "there is no such profiler: remove it"},
    {"tunnel_*", "there is no such module: accept CONNECT in Lua with \"http.accept_tunnel\""},
    {"srcache_*", "there is no such module: see \"proxy_cache\", or keep pages in \"ngx.shared\""},
    {"redis2_*", REDIS},
    {"redis_*", REDIS},
    {"drizzle_*", SQL},
    {"postgres_*", SQL},
    {"rds_*", SQL},
    {"set_form_input*", FORM},
    {"encrypted_session_*", SECRET},
    {"set_encrypt_session", SECRET},
    {"set_decrypt_session", SECRET},
    {"array_*", ARRAY},
    {"xss_*", XSS},
    {"modern_browser*", BROWSER},
    {"ancient_browser*", BROWSER},
    {"charset_map", RECODE},
    {"source_charset", RECODE},
    {"iconv_*", RECODE},
    {"set_iconv", RECODE},
    {"queue", "requests do not wait for a server of a group: see \"max_conns\" and \"backup\""},
    {"least_time", "answers are not timed: see \"least_conn\""},
    {"upstream_list", HASHED},
    {"set_hashed_upstream", HASHED},
    {"post_action", "there is no such directive: see \"log_by_lua_block\" with \"ngx.timer.at\""},
    {"early_hints", "hints of servers behind are not passed on: see \"req:inform\""},
    {"ssl_ocsp*", "certificates of clients are not asked about: see \"ssl_crl\""},
    {"ssl_engine", "there are no engines of OpenSSL: remove it"},
    {"kqueue_*", LOOP},
    {"devpoll_*", LOOP},
    {"eventport_*", LOOP},
    {"iocp_*", LOOP},
    {"acceptex_*", LOOP},
    {"post_acceptex", LOOP},
    {"ssl", "TLS is a parameter of \"listen\", as in \"listen 443 ssl\""},
    {"limit_zone", "see \"limit_conn_zone\""},
    {"spdy_*", "there is no SPDY: clients use HTTP/2, see \"http2\""},
    {"dav_ext_*", "PROPFIND and LOCK are not answered: see \"dav_methods\" for what is"},
    {"upload_*", UPLOADS},
    {"track_uploads", UPLOADS},
    {"report_uploads", UPLOADS},
    {"set_cookie_flag", "there is no such module: see \"proxy_cookie_flags\""},
    {"testcookie*", "there is no such module: check requests with \"access_by_lua_block\""},
    {"auth_jwt*", "there is no such module: check tokens in Lua, with \"perilune.jwt\""},
    {"auth_oidc*", OPENID},
    {"oidc_provider", OPENID},
    {"auth_digest*", AUTH},
    {"auth_gss*", AUTH},
    {"auth_spnego*", AUTH},
    {"SecRules*", NAXSI},
    {"MainRule", NAXSI},
    {"BasicRule", NAXSI},
    {"CheckRule", NAXSI},
    {"DeniedUrl", NAXSI},
    {"LearningMode", NAXSI},
    {"LibInjection*", NAXSI},
    {"otel_*", TRACES},
    {"opentelemetry*", TRACES},
    {"opentracing*", TRACES},
    {"check", "there is no such module: see \"health_check\""},
    {"check_*", "there is no such module: see \"health_check\""},
    {"keyval*", "there is no such module: see \"lua_shared_dict\" and \"map\""},
    {"zone_sync*", "machines do not share zones: keep what they share in Redis, in Lua"},
    {"status_zone", STATUS},
    {"stream_server_traffic_status*", STATUS},
    {"proxy_cache_purge", PURGE},
    {"fastcgi_cache_purge", PURGE},
    {"uwsgi_cache_purge", PURGE},
    {"scgi_cache_purge", PURGE},
    {"replace_filter*", "there is no such module: see \"sub_filter\""},
    {"acme_*", "there is no ACME client: see lua-resty-acme"},
    {"hls*", MEDIA},
    {"vod*", MEDIA},
    {"f4f*", MEDIA},
};

static bool is_named(const struct absent *a, struct slice name)
{
    struct slice key = slice_str(a->name);

    if (key.p[key.n - 1] != '*')
        return slice_eq(name, key);
    key.n--;
    return slice_has_prefix(name, key);
}

const char *absent_advice(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (is_named(&table[i], name))
            return table[i].advice;
    return NULL;
}
