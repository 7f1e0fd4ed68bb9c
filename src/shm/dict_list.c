/* The value of a list is its two ends and its length; each element is a block of the arena. */
#include "shm/dict_list.h"

#include "base/clock.h"
#include "shm/shard.h"

static struct shard_list *list_of(const struct shard *s, uint32_t at)
{
    return (struct shard_list *)shard_value(shard_entry(s, at));
}

/* The live list of `key`; 0: there is none. */
static enum dict_result find(struct shard *s, struct slice key, uint32_t hash, uint32_t *at_out)
{
    uint32_t at = shard_find(s, key, hash);

    *at_out = 0;
    if (!at || shard_is_expired(shard_entry(s, at), clock_wall_ms()))
        return DICT_NOT_FOUND;
    if (shard_entry(s, at)->type != DICT_LIST)
        return DICT_WRONG_TYPE;
    *at_out = at;
    return DICT_OK;
}

static uint32_t new_element(struct shard *s, const struct dict_item *item)
{
    bool is_number = item->type == DICT_NUMBER;
    size_t n = is_number ? sizeof(item->number) : item->n;
    uint32_t at = n > UINT32_MAX / 2 ? 0 : arena_alloc(&s->arena, sizeof(struct shard_element) + n);
    struct shard_element *element;

    if (!at)
        return 0;
    element = arena_at(&s->arena, at);
    element->n = (uint32_t)n;
    element->type = (uint64_t)item->type;
    if (n > 0)
        memcpy(element->value, is_number ? (const char *)&item->number : item->p, n);
    return at;
}

static void link_element(struct shard *s, struct shard_list *list, uint32_t at, enum dict_end end)
{
    struct journal *j = &s->arena.journal;
    struct shard_element *element = arena_at(&s->arena, at), *other;
    bool is_left = end == DICT_LEFT;

    element->prev = is_left ? 0 : list->last;
    element->next = is_left ? list->first : 0;
    other = arena_at(&s->arena, is_left ? list->first : list->last);
    if (list->n > 0)
        journal_set32(j, is_left ? &other->prev : &other->next, at);
    if (is_left || list->n == 0)
        journal_set32(j, &list->first, at);
    if (!is_left || list->n == 0)
        journal_set32(j, &list->last, at);
    journal_set32(j, &list->n, list->n + 1);
}

/* An empty list in the place of `key`, where nothing is that lives. */
static uint32_t new_list(struct shard *s, struct slice key, uint32_t hash)
{
    uint32_t at = shard_find(s, key, hash);
    struct entry *e;

    if (at)
        shard_delete(s, at);
    at = shard_new(s, key, hash, sizeof(struct shard_list));
    if (!at)
        return 0;
    e = shard_entry(s, at);
    e->type = DICT_LIST;
    e->flags = 0;
    e->expires = 0;
    *list_of(s, at) = (struct shard_list){0, 0, 0};
    shard_insert(s, at);
    return at;
}

enum dict_result dict_list_push(struct dict *d, struct slice key, const struct dict_item *item,
                                enum dict_end end, uint32_t *n_out)
{
    uint32_t hash, at, element = 0;
    struct shard *s = shard_enter_for(d, key, &hash);
    enum dict_result result;

    shard_expire_some(s, clock_wall_ms());
    result = find(s, key, hash, &at);
    if (result == DICT_NOT_FOUND)
        at = new_list(s, key, hash);
    else if (at)
        shard_touch(s, at);
    if (result != DICT_WRONG_TYPE) {
        element = at ? new_element(s, item) : 0;
        result = element ? DICT_OK : DICT_NO_MEMORY;
    }
    if (element) {
        link_element(s, list_of(s, at), element, end);
        *n_out = list_of(s, at)->n;
    } else if (result == DICT_NO_MEMORY) {
        journal_undo(&s->arena.journal); /* a list that was made for it */
    }
    shard_leave(s);
    return result;
}

static void hand_over(struct dict *d, const struct shard_element *element, struct dict_item *out)
{
    out->type = (int)element->type;
    out->flags = 0;
    out->is_stale = false;
    if (out->type == DICT_NUMBER)
        memcpy(&out->number, element->value, sizeof(out->number));
    else
        shard_copy(d, element->value, element->n, out);
}

static void unlink_element(struct shard *s, struct shard_list *list, uint32_t at)
{
    struct journal *j = &s->arena.journal;
    const struct shard_element *element = arena_at(&s->arena, at);
    struct shard_element *prev = arena_at(&s->arena, element->prev),
                         *next = arena_at(&s->arena, element->next);

    journal_set32(j, element->prev ? &prev->next : &list->first, element->next);
    journal_set32(j, element->next ? &next->prev : &list->last, element->prev);
    journal_set32(j, &list->n, list->n - 1);
    arena_free(&s->arena, at);
}

enum dict_result dict_list_pop(struct dict *d, struct slice key, enum dict_end end,
                               struct dict_item *out)
{
    uint32_t hash, at, element;
    struct shard *s = shard_enter_for(d, key, &hash);
    enum dict_result result;
    struct shard_list *list;

    shard_expire_some(s, clock_wall_ms());
    result = find(s, key, hash, &at);
    if (at) {
        list = list_of(s, at);
        element = end == DICT_LEFT ? list->first : list->last;
        hand_over(d, arena_at(&s->arena, element), out);
        unlink_element(s, list, element);
        if (list->n == 0)
            shard_delete(s, at);
        else
            shard_touch(s, at);
    }
    shard_leave(s);
    return result;
}

enum dict_result dict_list_length(struct dict *d, struct slice key, uint32_t *n_out)
{
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);
    enum dict_result result;

    shard_expire_some(s, clock_wall_ms());
    result = find(s, key, hash, &at);
    if (at)
        shard_touch(s, at);
    *n_out = at ? list_of(s, at)->n : 0;
    shard_leave(s);
    return result == DICT_NOT_FOUND ? DICT_OK : result;
}
