/* Intrusive doubly linked lists. A node embeds `struct list`; an empty list or a node outside
 * points to itself. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/base.h"

struct list {
    struct list *prev, *next;
};

#define LIST_INIT(l)                                                                               \
    {                                                                                              \
        &(l), &(l)                                                                                 \
    }

/* Makes `l` an empty list, or a node that is in no list. */
static inline void list_init(struct list *l)
{
    l->prev = l->next = l;
}

/* Nothing in the list (or: the node is in none)? */
static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

/* Puts `node` at the end of `l`. */
static inline void list_append(struct list *l, struct list *node)
{
    node->prev = l->prev;
    node->next = l;
    l->prev->next = node;
    l->prev = node;
}

/* Puts `node` at the front of `l`. */
static inline void list_prepend(struct list *l, struct list *node)
{
    list_append(l->next, node);
}

/* Takes `node` out of whatever list it is in; it may be removed again. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Moves all of `from` to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

/* Takes the first node out; NULL when empty. */
static inline struct list *list_pop(struct list *l)
{
    struct list *n = l->next;

    if (n == l)
        return NULL;
    list_remove(n);
    return n;
}

#define LIST_FOR(it, l) for (struct list *it = (l)->next; it != (l); it = it->next)
#define LIST_FOR_SAFE(it, l)                                                                       \
    for (struct list *it = (l)->next, *it##_next = it->next; it != (l);                            \
         it = it##_next, it##_next = it->next)

#endif
