/* Values of Lua that end with whatever they belong to: a request, a timer's task. */
#ifndef BIND_OWNED_H
#define BIND_OWNED_H

#include "base/list.h"

/* Embedded in the value. */
struct owned {
    struct list node;
    void (*lose)(struct owned *o); /* its owner has ended; called once, out of the list */
    bool is_orphan;                /* nobody may use it any more, see owned_hand_over */
};

/* Prepares one that belongs to nobody. */
static inline void owned_init(struct owned *o, void (*lose)(struct owned *o))
{
    list_init(&o->node);
    o->lose = lose;
    o->is_orphan = false;
}

/* It belongs to the owner of list `all` from now on; NULL: to nobody. */
static inline void owned_give(struct owned *o, struct list *all)
{
    list_remove(&o->node);
    if (all)
        list_append(all, &o->node);
}

/* An owner ends, and what is of its list goes on to that of another, where it lasts but is of no
 * more use. */
static inline void owned_hand_over(struct list *all, struct list *to)
{
    LIST_FOR (n, all)
        CONTAINER_OF(n, struct owned, node)->is_orphan = true;
    list_splice(to, all);
}

/* The owner ends: all of its list are lost, in the order in which they came. */
static inline void owned_lose_all(struct list *all)
{
    struct list *n;

    while ((n = list_pop(all)) != NULL) {
        struct owned *o = CONTAINER_OF(n, struct owned, node);

        o->lose(o);
    }
}

#endif
