/* $secure_link and $secure_link_expires. The checksum is compared in the same time wherever it
 * differs. */
#include "app/access/secure_link.h"

#include "app/variables/variables.h"
#include "base/clock.h"
#include "base/encode.h"
#include "net/crypto_hash.h"

const struct secure_link_conf secure_link_defaults = {.secret = {"", 0}};

enum { MD5_HEX = 32, MD5_BASE64_MOST = 24 };

/* Is that the MD5 sum of the text? */
static bool is_sum_of(struct slice text, struct slice sum)
{
    unsigned char own[CRYPTO_HASH_MOST];
    size_t n = crypto_hash(CRYPTO_MD5, text, own);

    return crypto_equals(sum, slice_of((const char *)own, n));
}

static bool is_base64_sum(struct slice text, struct slice encoded)
{
    struct buf sum = BUF_EMPTY;
    bool is_right;

    if (encoded.n > MD5_BASE64_MOST)
        return false;
    is_right = encode_unbase64(&sum, encoded, true) && is_sum_of(text, buf_slice(&sum));
    buf_free(&sum);
    return is_right;
}

/* --- secure_link, secure_link_md5 --- */

/* "checksum" or "checksum,seconds since 1970" */
static struct slice check_link(struct visit *v, const struct secure_link_conf *c)
{
    struct slice link, expires;
    int64_t at = 0;

    if (!c->link || !c->text)
        return VARIABLE_NONE;
    expires = script_eval(c->link, v);
    link = slice_cut(&expires, ',');
    if (expires.p) {
        if (!num_parse_u63(expires, &at) || at == 0)
            return VARIABLE_NONE;
        v->slots[SLOT_SECURE_EXPIRES] = pool_dup(visit_pool(v), expires);
    }
    if (!is_base64_sum(script_eval(c->text, v), link))
        return VARIABLE_NONE;
    return at > 0 && at < clock_wall_ms() / 1000 ? SLICE("0") : SLICE("1");
}

/* --- secure_link_secret --- */

/* Of "/prefix/checksum/link", the link; the checksum is of it and the secret. */
static struct slice check_path(struct visit *v, const struct secure_link_conf *c)
{
    struct slice rest = v->x->req.uri, sum, link;
    struct buf text = BUF_EMPTY, hex = BUF_EMPTY;
    unsigned char own[CRYPTO_HASH_MOST];
    bool is_right;

    slice_cut(&rest, '/');
    slice_cut(&rest, '/');
    sum = slice_cut(&rest, '/');
    link = rest;
    if (sum.n != MD5_HEX || !link.p || link.n == 0)
        return VARIABLE_NONE;
    buf_add_slice(&text, link);
    buf_add_slice(&text, c->secret);
    encode_hex(&hex, slice_of((const char *)own, crypto_hash(CRYPTO_MD5, buf_slice(&text), own)));
    is_right = crypto_equals(sum, buf_slice(&hex));
    buf_free(&text);
    buf_free(&hex);
    return is_right ? link : VARIABLE_NONE;
}

static struct slice get_link(struct visit *v, const struct variable *var)
{
    const struct secure_link_conf *c = v->loc->secure_link;

    UNUSED(var);
    if (!c)
        return VARIABLE_NONE;
    return c->secret.n ? check_path(v, c) : check_link(v, c);
}

static struct slice get_expires(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->slots[SLOT_SECURE_EXPIRES];
}

const struct variable variables_secure_link[] = {
    VARIABLE("secure_link", get_link),
    VARIABLE("secure_link_expires", get_expires),
    VARIABLE_END,
};
