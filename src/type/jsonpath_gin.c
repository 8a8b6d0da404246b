/*
 * jsonpath_gin.c - which keys a value must have for a jsonpath to find anything in it.
 *
 * Only what is needed whatever else the path says: the keys along its accessors, and those of
 * predicates that have to be true. Of ||, ! and "is unknown", and of arithmetic, nothing is asked.
 */
#include "type/gin.h"
#include "type/jsonpath.h"

static void jp_gin_true(const JpNode *n, JpGinKeyFn fn, GinItems *out);

/* jp_gin_chain - the keys on the way of a path that must give something. */
static void jp_gin_chain(const JpNode *n, JpGinKeyFn fn, GinItems *out)
{
    if (n->type != JP_ROOT && n->type != JP_CURRENT) {
        return; /* begins with something that is not of the value */
    }
    for (n = n->next; n != NULL && n->type != JP_KEYVALUE; n = n->next) {
        if (n->type == JP_KEY) {
            fn(n->text, out);
        } else if (n->type == JP_FILTER) {
            jp_gin_true(n->left, fn, out);
        }
    }
}

/* jp_gin_true - what a predicate that is true has to have found. */
static void jp_gin_true(const JpNode *n, JpGinKeyFn fn, GinItems *out)
{
    switch (n->type) {
    case JP_AND:
        jp_gin_true(n->left, fn, out);
        jp_gin_true(n->right, fn, out);
        return;
    case JP_EXISTS: jp_gin_chain(n->left, fn, out); return;
    case JP_EQ:
    case JP_NE:
    case JP_LT:
    case JP_GT:
    case JP_LE:
    case JP_GE:
    case JP_STARTS:
    case JP_REGEX:
        jp_gin_chain(n->left, fn, out);
        if (n->right != NULL) {
            jp_gin_chain(n->right, fn, out);
        }
        return;
    default: return;
    }
}

void jp_gin_keys(Slice text, bool match, JpGinKeyFn fn, GinItems *out)
{
    Err err = {0};
    Cx cx = {.err = &err, .arena = out->arena};
    FnCall call = {.cx = &cx, .arena = out->arena, .state_arena = out->arena};
    JsonPath path;
    if (jp_parse(&call, out->arena, text, &path) != ST_OK) {
        return; /* the condition itself will tell */
    }
    if (!path.root->predicate) {
        jp_gin_chain(path.root, fn, out);
    } else if (match && path.root->next == NULL) {
        jp_gin_true(path.root, fn, out);
    }
}
