/* An element is "token", or "token;q=weight" with optional blanks around the semicolon. Other
 * parameters are skipped: none are defined for codings. */
#include "proto/accept.h"

#include "proto/grammar.h"

enum { NOT_NAMED = -1 };

/* "0", "1", "0.5", "1.000" (section 12.4.2) in thousandths; 0 for anything else. */
static int read_weight(struct slice s)
{
    int weight, unit = 100;

    if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1'))
        return 0;
    weight = (s.p[0] - '0') * ACCEPT_MOST;
    if (s.n > 1 && s.p[1] != '.')
        return 0;
    for (size_t i = 2; i < s.n; i++) {
        if (!grammar_is(s.p[i], GRAMMAR_DIGIT))
            return 0;
        weight += (s.p[i] - '0') * unit;
        unit /= 10;
    }
    return weight <= ACCEPT_MOST ? weight : 0;
}

static int weight_of(struct slice parameters)
{
    while (parameters.p) {
        struct slice value = slice_trim(slice_cut(&parameters, ';'));
        struct slice name = slice_trim(slice_cut(&value, '='));

        if (slice_ieq(name, SLICE("q")))
            return value.p ? read_weight(slice_trim(value)) : 0;
    }
    return ACCEPT_MOST;
}

/* As accept_weight, but NOT_NAMED for a token that is not there; *any takes what "*" says. */
static int find(struct slice value, struct slice token, int *any)
{
    int found = NOT_NAMED;

    while (value.p) {
        struct slice parameters = slice_cut(&value, ',');
        struct slice name = slice_trim(slice_cut(&parameters, ';'));

        if (slice_ieq(name, token))
            found = weight_of(parameters);
        else if (slice_eq(name, SLICE("*")))
            *any = weight_of(parameters);
    }
    return found;
}

int accept_weight(struct slice value, struct slice token)
{
    int any = 0, found = find(value, token, &any);

    return found == NOT_NAMED ? any : found;
}

/* As find, over all fields of a request. */
static int find_encoding(const struct header_list *request, struct slice token, int *any)
{
    int found = NOT_NAMED;

    for (unsigned i = 0; i < request->n; i++) {
        int weight;

        if (request->fields[i].id != HEADER_ACCEPT_ENCODING)
            continue;
        weight = find(request->fields[i].value, token, any);
        found = MAX(found, weight);
    }
    return found;
}

int accept_encoding_weight(const struct header_list *request, struct slice token)
{
    int any = 0, found = find_encoding(request, token, &any);

    return found == NOT_NAMED ? any : found;
}

int accept_encoding_wish(const struct header_list *request, struct slice token)
{
    int any = 0, weight = accept_encoding_weight(request, token);

    return find_encoding(request, SLICE("identity"), &any) > weight ? 0 : weight;
}
