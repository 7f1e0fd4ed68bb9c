/* Reading DNS messages.
 *
 * What the data of a record consists of is written down once, in `layouts`: a letter for the kind
 * of each field, and its name. To add a type: a row there and its number in the header.
 *
 *   b s l   number of 1, 2, 4 bytes          4 6   address
 *   n       name, may be compressed           t     string with a length byte
 *   T       strings up to the end             R     bytes up to the end
 *
 * Names are followed through compression (RFC 1035, 4.1.4) only backwards, so that no chain of
 * pointers is endless, and never beyond 255 bytes. */
#include "net/dns/dns_message.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { HEAD = 12, NAME_MAX_BYTES = 255, CLASS_IN = 1 };

static const struct layout {
    uint16_t type;
    const char *name;
    const char *fields;
} layouts[] = {
    {DNS_A, "A", "4address"},
    {DNS_NS, "NS", "ntarget"},
    {DNS_CNAME, "CNAME", "ntarget"},
    {DNS_SOA, "SOA", "nmname nrname lserial lrefresh lretry lexpire lminimum"},
    {DNS_PTR, "PTR", "ntarget"},
    {DNS_MX, "MX", "spreference nexchange"},
    {DNS_TXT, "TXT", "Ttext"},
    {DNS_AAAA, "AAAA", "6address"},
    {DNS_SRV, "SRV", "spriority sweight sport ntarget"},
    {DNS_NAPTR, "NAPTR", "sorder spreference tflags tservice tregexp nreplacement"},
    {DNS_CAA, "CAA", "bflags ttag Rvalue"},
};

static const struct layout unknown = {0, NULL, "Rdata"};

static const struct layout *layout_of(uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        if (layouts[i].type == type)
            return &layouts[i];
    }
    return &unknown;
}

uint16_t dns_message_type(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        if (slice_ieq(name, slice_str(layouts[i].name)))
            return layouts[i].type;
    }
    return 0;
}

const char *dns_message_type_name(uint16_t type)
{
    return layout_of(type)->name;
}

static inline uint32_t byte_at(struct slice s, size_t at)
{
    return (unsigned char)s.p[at];
}

static uint32_t number_at(struct slice s, size_t at, size_t n)
{
    uint32_t v = 0;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | byte_at(s, at + i);
    return v;
}

/* One label as text behind `n` characters; how many there are then. */
static size_t add_label(char *text, size_t n, struct slice label)
{
    for (size_t i = 0; i < label.n; i++) {
        unsigned char c = (unsigned char)label.p[i];

        if (c == '.' || c == '\\') {
            text[n++] = '\\';
            text[n++] = (char)c;
        } else if (c <= ' ' || c >= 0x7f) {
            n += (size_t)snprintf(text + n, 5, "\\%03u", c);
        } else {
            text[n++] = (char)c;
        }
    }
    return n;
}

/* Follows the pointer at `at`; where it leads, 0 when not backwards or out of the message. */
static size_t follow(struct slice bytes, size_t at, size_t before)
{
    size_t to;

    if (at + 2 > bytes.n)
        return 0;
    to = number_at(bytes, at, 2) & 0x3fff;
    return to >= HEAD && to < before ? to : 0;
}

size_t dns_message_name(struct slice bytes, size_t at, char text[DNS_NAME_TEXT])
{
    size_t behind = 0, n = 0, wire = 0, start = at;

    while (at < bytes.n) {
        size_t length = byte_at(bytes, at);

        if (length >= 0xc0) {
            behind = behind ? behind : at + 2;
            at = start = follow(bytes, at, start);
            if (!at)
                return 0;
            continue;
        }
        wire += length + 1;
        if (length > 63 || wire > NAME_MAX_BYTES || at + 1 + length > bytes.n)
            return 0;
        if (length == 0) {
            if (n == 0)
                text[n++] = '.';
            text[n] = '\0';
            return behind ? behind : at + 1;
        }
        if (n)
            text[n++] = '.';
        n = add_label(text, n, slice_of(bytes.p + at + 1, length));
        at += 1 + length;
    }
    return 0;
}

bool dns_message_open(struct dns_message *m, struct slice bytes)
{
    char name[DNS_NAME_TEXT];
    size_t at = HEAD;

    if (bytes.n < HEAD)
        return false;
    *m = (struct dns_message){.bytes = bytes};
    for (unsigned i = 0; i < 3; i++)
        m->left[i] = number_at(bytes, 6 + 2 * i, 2);
    for (uint32_t n = number_at(bytes, 4, 2); n; n--) {
        at = dns_message_name(bytes, at, name);
        if (!at || at + 4 > bytes.n)
            return false;
        at += 4;
    }
    m->at = at;
    return true;
}

/* Reads the record at m->at, of any class. */
static bool read_record(struct dns_message *m, struct dns_record *r, uint32_t *class_out)
{
    char name[DNS_NAME_TEXT];
    size_t at = dns_message_name(m->bytes, m->at, name);

    if (!at || at + 10 > m->bytes.n)
        return false;
    r->name_at = m->at;
    r->type = (uint16_t)number_at(m->bytes, at, 2);
    *class_out = number_at(m->bytes, at + 2, 2);
    r->ttl = number_at(m->bytes, at + 4, 4);
    if (r->ttl & 0x80000000) /* RFC 2181, 8 */
        r->ttl = 0;
    r->data_n = number_at(m->bytes, at + 8, 2);
    r->data_at = at + 10;
    m->at = r->data_at + r->data_n;
    return m->at <= m->bytes.n;
}

int dns_message_next(struct dns_message *m, struct dns_record *r)
{
    uint32_t class;

    for (unsigned section = 0; section < 3; section++) {
        while (m->left[section]) {
            m->left[section]--;
            if (!read_record(m, r, &class))
                return -1;
            r->section = (enum dns_section)section;
            if (class == CLASS_IN)
                return 1;
        }
    }
    return 0;
}

/* The fields of one record being read. */
struct reader {
    struct slice bytes; /* of the message, cut behind the record's data */
    size_t at;
    struct dns_field field;
    void (*fn)(void *user, const struct dns_field *f);
    void *user;
};

static void give_text(struct reader *r, struct slice text)
{
    r->field.kind = DNS_FIELD_TEXT;
    r->field.text = text;
    r->fn(r->user, &r->field);
}

static bool give_number(struct reader *r, size_t n)
{
    if (r->at + n > r->bytes.n)
        return false;
    r->field.kind = DNS_FIELD_NUMBER;
    r->field.number = number_at(r->bytes, r->at, n);
    r->at += n;
    r->fn(r->user, &r->field);
    return true;
}

static bool give_address(struct reader *r, int family, size_t n)
{
    char text[INET6_ADDRSTRLEN];

    if (r->at + n != r->bytes.n)
        return false;
    inet_ntop(family, r->bytes.p + r->at, text, sizeof(text));
    r->at += n;
    give_text(r, slice_str(text));
    return true;
}

static bool give_name(struct reader *r)
{
    char text[DNS_NAME_TEXT];

    r->at = dns_message_name(r->bytes, r->at, text);
    if (!r->at)
        return false;
    give_text(r, slice_str(text));
    return true;
}

static bool take_string(struct reader *r, struct slice *out)
{
    size_t n;

    if (r->at >= r->bytes.n)
        return false;
    n = byte_at(r->bytes, r->at);
    if (r->at + 1 + n > r->bytes.n)
        return false;
    *out = slice_of(r->bytes.p + r->at + 1, n);
    r->at += 1 + n;
    return true;
}

static bool give_string(struct reader *r)
{
    struct slice s;

    if (!take_string(r, &s))
        return false;
    give_text(r, s);
    return true;
}

static bool give_strings(struct reader *r)
{
    while (r->at < r->bytes.n) {
        r->field.kind = DNS_FIELD_ITEM;
        if (!take_string(r, &r->field.text))
            return false;
        r->fn(r->user, &r->field);
    }
    return true;
}

static void give_rest(struct reader *r)
{
    give_text(r, slice_from(r->bytes, r->at));
    r->at = r->bytes.n;
}

static bool give_field(struct reader *r, char kind)
{
    switch (kind) {
    case 'b':
        return give_number(r, 1);
    case 's':
        return give_number(r, 2);
    case 'l':
        return give_number(r, 4);
    case '4':
        return give_address(r, AF_INET, 4);
    case '6':
        return give_address(r, AF_INET6, 16);
    case 'n':
        return give_name(r);
    case 't':
        return give_string(r);
    case 'T':
        return give_strings(r);
    default:
        give_rest(r);
        return true;
    }
}

bool dns_message_fields(const struct dns_message *m, const struct dns_record *record,
                        void (*fn)(void *user, const struct dns_field *f), void *user)
{
    const char *at = layout_of(record->type)->fields;
    struct reader r = {.bytes = slice_of(m->bytes.p, record->data_at + record->data_n),
                       .at = record->data_at,
                       .fn = fn,
                       .user = user};
    char name[16];

    while (*at) {
        char kind = *at++;
        size_t n = strcspn(at, " ");

        snprintf(name, sizeof(name), "%.*s", (int)n, at);
        r.field.name = name;
        if (!give_field(&r, kind))
            return false;
        at += n + (at[n] == ' ');
    }
    return r.at == r.bytes.n;
}
