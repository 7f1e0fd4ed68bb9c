/* Between the directives of compression and the filters. What is decoded may be changed, and be
 * compressed again in a coding that the client takes: so decoding comes first. */
#include "app/filters/compress.h"

#include "app/variables/regex.h"
#include "http/filter_gunzip.h"

const struct compress_conf compress_conf_default = {
    .settings =
        {
            .rules =
                {
                    [CODING_BROTLI] = {.level = 4, .min_length = 20},
                    [CODING_ZSTD] = {.level = 3, .min_length = 20},
                    [CODING_GZIP] = {.level = 1, .min_length = 20},
                },
        },
};

static bool is_on(const struct compress_settings *s)
{
    for (unsigned i = 0; i < CODING_COUNT; i++) {
        if (s->rules[i].is_on)
            return true;
    }
    return false;
}

bool compress_is_disabled(const struct visit *v)
{
    struct regex *const *list = v->loc->compress->disabled;
    const struct header *agent = header_find_id(&v->x->req.headers, HEADER_USER_AGENT);
    int ovector[2 * REGEX_CAPTURES_MOST];

    for (; agent && list && *list; list++) {
        if (regex_match(*list, agent->value, ovector) > 0)
            return true;
    }
    return false;
}

void compress_add_gunzip(struct visit *v)
{
    const struct compress_conf *conf = v->loc->compress;

    if (conf && conf->has_gunzip)
        filter_gunzip_add(v->x, conf->settings.has_vary);
}

void compress_add(struct visit *v)
{
    const struct compress_conf *conf = v->loc->compress;

    if (conf && is_on(&conf->settings))
        filter_compress_add(v->x, &conf->settings, compress_is_disabled(v));
}
