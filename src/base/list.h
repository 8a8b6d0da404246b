#ifndef DASSIE_BASE_LIST_H
#define DASSIE_BASE_LIST_H
/*
 * list.h - intrusive doubly linked circular lists. The owner's lock guards the links.
 */
#include "base/compiler.h"

typedef struct ListNode {
    struct ListNode *prev, *next;
} ListNode;

static inline void list_init(ListNode *head)
{
    head->prev = head->next = head;
}
static inline bool list_empty(const ListNode *head)
{
    return head->next == head;
}
static inline void list_insert_before(ListNode *at, ListNode *n)
{
    n->prev = at->prev;
    n->next = at;
    at->prev->next = n;
    at->prev = n;
}
static inline void list_push_back(ListNode *head, ListNode *n)
{
    list_insert_before(head, n);
}
static inline void list_push_front(ListNode *head, ListNode *n)
{
    list_insert_before(head->next, n);
}
/* list_remove - unlink; the node is left self-linked, so removing twice is harmless. */
static inline void list_remove(ListNode *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    n->prev = n->next = n;
}
#define LIST_ITEM(node, type, member) CONTAINER_OF(node, type, member)
#define LIST_FOREACH(var, head)       for (ListNode *var = (head)->next; var != (head); var = var->next)

#endif
