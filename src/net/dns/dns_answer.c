/* Answers: the message as it came, counted. Records are read from it whenever somebody wants them,
 * which is cheaper than keeping them in two forms. */
#include "net/dns/dns_answer.h"

#include "base/mem.h"

struct dns_answer *dns_answer_new(const struct err *e, struct slice message)
{
    struct dns_answer *a = mem_alloc(sizeof(*a) + message.n);

    *a = (struct dns_answer){.refs = 1, .err = e, .n = message.n};
    if (message.n)
        memcpy(a->bytes, message.p, message.n);
    return a;
}

struct dns_answer *dns_answer_ref(struct dns_answer *a)
{
    a->refs++;
    return a;
}

void dns_answer_unref(struct dns_answer **ap)
{
    struct dns_answer *a = *ap;

    *ap = NULL;
    if (a && --a->refs == 0)
        mem_free(a);
}

/* Takes the last number of a record: of SOA, "minimum". */
static void keep_number(void *user, const struct dns_field *f)
{
    if (f->kind == DNS_FIELD_NUMBER)
        *(uint32_t *)user = f->number;
}

static bool negative_ttl(const struct dns_message *m, const struct dns_record *soa, uint32_t *out)
{
    uint32_t minimum = 0;

    if (!dns_message_fields(m, soa, keep_number, &minimum))
        return false;
    *out = MIN(minimum, soa->ttl);
    return true;
}

bool dns_answer_ttl(const struct dns_answer *a, uint32_t *out)
{
    struct dns_message m;
    struct dns_record r;
    bool is_known = false;
    int more;

    if (!dns_message_open(&m, slice_of(a->bytes, a->n)))
        return false;
    *out = UINT32_MAX;
    while ((more = dns_message_next(&m, &r)) > 0) {
        if (a->err && r.section == DNS_AUTHORITY && r.type == DNS_SOA)
            return negative_ttl(&m, &r, out);
        if (r.section != DNS_ANSWER)
            continue;
        is_known = !a->err;
        *out = MIN(*out, r.ttl);
    }
    return is_known && more >= 0; /* one that is cut short is asked for again */
}

bool dns_answer_addresses(const struct dns_answer *a, uint16_t type, struct addr_list *out)
{
    struct dns_message m;
    struct dns_record r;
    size_t size = type == DNS_A ? 4 : 16;
    int more;

    if (!dns_message_open(&m, slice_of(a->bytes, a->n)))
        return false;
    while ((more = dns_message_next(&m, &r)) > 0 && r.section == DNS_ANSWER) {
        if (r.type != type)
            continue;
        if (r.data_n != size)
            return false;
        addr_list_add_ip(out, slice_of(a->bytes + r.data_at, size));
    }
    return more >= 0;
}
