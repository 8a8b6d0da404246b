/*
 * tsquery.c - the bytes of a tsquery: reading, order, and from and to trees.
 */
#include "tsearch/tsquery.h"

#define TSQ_TEXT_AT_MAX TSV_STRING_MAX

/* tsq_sound - every operator has its operands, in prefix order, and texts lie within the value. */
bool tsq_sound(Slice bytes)
{
    if (bytes.len < 4) {
        return false;
    }
    uint32_t count = ts_load_u32(bytes.ptr);
    if (count > (bytes.len - 4) / sizeof(TsqItem)) {
        return false;
    }
    TsQuery q = tsq_open(bytes);
    size_t room = bytes.len - 4 - count * sizeof(TsqItem);
    uint32_t open = count > 0; /* operands still to come */
    for (uint32_t i = 0; i < count; i++) {
        const TsqItem *it = &q.items[i];
        if (open == 0) {
            return false;
        }
        open--;
        if (it->kind == TSQ_VALUE) {
            size_t at = it->text >> 12, len = it->text & 0xfff;
            if (at + len >= room || q.strings[at + len] != '\0') {
                return false;
            }
        } else if (it->kind == TSQ_OPERATOR && it->oper >= TSQ_NOT && it->oper <= TSQ_PHRASE) {
            if (it->crc_left == 0 || it->crc_left >= count - i) {
                return false;
            }
            open += it->oper == TSQ_NOT ? 1 : 2;
        } else {
            return false;
        }
        if (open > TSQ_DEPTH_MAX + 1) {
            return false;
        }
    }
    /* The left operands are where their operators say. */
    for (uint32_t i = 0; i < count && open == 0; i++) {
        const TsqItem *it = &q.items[i];
        uint32_t at = i + 1, need = 1;
        if (it->kind != TSQ_OPERATOR || it->oper == TSQ_NOT) {
            continue;
        }
        for (; need > 0 && at < count; at++) {
            need -= q.items[at].kind == TSQ_VALUE || q.items[at].oper == TSQ_NOT;
            need += q.items[at].kind == TSQ_OPERATOR;
        }
        if (it->crc_left != at - i) {
            return false;
        }
    }
    return open == 0;
}

TsQuery tsq_open(Slice bytes)
{
    TsQuery q = {.count = ts_load_u32(bytes.ptr), .items = (const TsqItem *)(bytes.ptr + 4)};
    q.strings = bytes.ptr + 4 + q.count * sizeof(TsqItem);
    return q;
}

/* ---- order ---- */

/* tsq_compare_at - two subtrees, from items *i and *k on, which are passed over when equal. */
static int tsq_compare_at(const TsQuery *a, uint32_t *i, const TsQuery *b, uint32_t *k)
{
    const TsqItem *x = &a->items[*i], *y = &b->items[*k];
    if (x->kind != y->kind) {
        return x->kind > y->kind ? -1 : 1;
    }
    if (x->kind == TSQ_VALUE) {
        if (x->crc_left != y->crc_left) {
            return (int32_t)x->crc_left > (int32_t)y->crc_left ? -1 : 1;
        }
        return ts_compare(tsq_text(a, (*i)++), tsq_text(b, (*k)++), false);
    }
    if (x->oper != y->oper) {
        return x->oper > y->oper ? -1 : 1;
    }
    ++*i;
    ++*k;
    for (int n = x->oper == TSQ_NOT ? 1 : 2; n > 0; n--) {
        int c = tsq_compare_at(a, i, b, k);
        if (c != 0) {
            return c;
        }
    }
    if (x->oper == TSQ_PHRASE && x->text != y->text) {
        return x->text > y->text ? -1 : 1;
    }
    return 0;
}

int tsq_compare(Slice a, Slice b)
{
    TsQuery x = tsq_open(a), y = tsq_open(b);
    uint32_t i = 0, k = 0;
    if (x.count != y.count) {
        return x.count < y.count ? -1 : 1;
    }
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return x.count == 0 ? 0 : tsq_compare_at(&x, &i, &y, &k);
}

static void tsq_key_at(const TsQuery *q, uint32_t *i, Buf *buf)
{
    const TsqItem *it = &q->items[*i];
    buf_putc(buf, (char)~it->kind);
    if (it->kind == TSQ_VALUE) {
        Slice text = tsq_text(q, (*i)++);
        buf_put_u32be(buf, ~(it->crc_left ^ 0x80000000u));
        buf_put_slice(buf, text);
        buf_putc(buf, '\0');
        return;
    }
    ++*i;
    buf_putc(buf, (char)~it->oper);
    for (int n = it->oper == TSQ_NOT ? 1 : 2; n > 0; n--) {
        tsq_key_at(q, i, buf);
    }
    if (it->oper == TSQ_PHRASE) {
        buf_put_u32be(buf, ~it->text);
    }
}

void tsq_key(Slice bytes, Buf *buf)
{
    TsQuery q = tsq_open(bytes);
    uint32_t i = 0;
    buf_put_u32be(buf, q.count);
    buf_put_u32be(buf, (uint32_t)bytes.len);
    if (q.count > 0) {
        tsq_key_at(&q, &i, buf);
    }
}

/* ---- trees ---- */

TsqNode *tsq_operator(Arena *arena, TsqOper oper, uint32_t distance, TsqNode *left, TsqNode *right)
{
    TsqNode *n = ARENA_NEW(arena, TsqNode);
    *n = (TsqNode){.kind = TSQ_OPERATOR,
                   .oper = oper,
                   .distance = distance,
                   .depth = 1 + MAX(left != NULL ? left->depth : 0, right->depth),
                   .left = left,
                   .right = right};
    return n;
}

/* tsq_tree - from the last item to the first, operands wait on a stack for their operator. */
TsqNode *tsq_tree(Arena *arena, const TsQuery *q)
{
    TsqNode **stack = ARENA_ARRAY(arena, TsqNode *, q->count + 1);
    uint32_t n = 0;
    for (uint32_t i = q->count; i-- > 0;) {
        const TsqItem *it = &q->items[i];
        if (it->kind == TSQ_VALUE) {
            TsqNode *v = ARENA_NEW(arena, TsqNode);
            *v = (TsqNode){.kind = TSQ_VALUE,
                           .weight = it->weight,
                           .prefix = it->prefix != 0,
                           .depth = 1,
                           .text = tsq_text(q, i)};
            stack[n++] = v;
        } else if (it->oper == TSQ_NOT) {
            stack[n - 1] = tsq_operator(arena, TSQ_NOT, 0, NULL, stack[n - 1]);
        } else {
            /* The right operand comes first, so it is on top. */
            stack[n - 2] =
                tsq_operator(arena, (TsqOper)it->oper, it->text, stack[n - 2], stack[n - 1]);
            n--;
        }
    }
    return n == 0 ? NULL : stack[0];
}

/* tsq_crc - CRC-32 with its table applied to the high byte. */
uint32_t tsq_crc(Slice text)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t t = (crc >> 24 ^ (uint8_t)text.ptr[i]) & 0xff;
        for (int bit = 0; bit < 8; bit++) {
            t = t >> 1 ^ ((t & 1) != 0 ? 0xedb88320u : 0);
        }
        crc = t ^ crc << 8;
    }
    return crc ^ 0xffffffffu;
}

typedef struct TsqSize {
    uint32_t items;
    size_t strings;
} TsqSize;
static void tsq_measure(const TsqNode *n, TsqSize *size)
{
    size->items++;
    if (n->kind == TSQ_VALUE) {
        size->strings += n->text.len + 1;
    } else {
        tsq_measure(n->right, size);
        if (n->left != NULL) {
            tsq_measure(n->left, size);
        }
    }
}
/* tsq_write - a subtree from item *i on, its texts from *at on. */
static void tsq_write(const TsqNode *n, TsqItem *items, char *strings, uint32_t *i, uint32_t *at)
{
    TsqItem *it = &items[(*i)++];
    *it = (TsqItem){.kind = (uint8_t)n->kind};
    if (n->kind == TSQ_VALUE) {
        it->weight = (uint8_t)n->weight;
        it->prefix = n->prefix;
        it->crc_left = tsq_crc(n->text);
        it->text = (uint32_t)n->text.len | *at << 12;
        if (n->text.len > 0) {
            memcpy(strings + *at, n->text.ptr, n->text.len);
        }
        *at += (uint32_t)n->text.len + 1;
        return;
    }
    it->oper = (uint8_t)n->oper;
    it->text = n->oper == TSQ_PHRASE ? n->distance : 0;
    tsq_write(n->right, items, strings, i, at);
    it->crc_left = n->left == NULL ? 1 : (uint32_t)(&items[*i] - it);
    if (n->left != NULL) {
        tsq_write(n->left, items, strings, i, at);
    }
}

Status tsq_build(Cx *cx, Arena *arena, const TsqNode *tree, Str *out)
{
    TsqSize size = {0};
    uint32_t i = 0, at = 0;
    if (tree != NULL && tree->depth > TSQ_DEPTH_MAX) {
        return err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    if (tree != NULL) {
        tsq_measure(tree, &size);
    }
    if (size.strings > TSQ_TEXT_AT_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "tsquery is too large");
    }
    size_t head = 4 + size.items * sizeof(TsqItem);
    char *bytes = arena_zalloc(arena, head + size.strings);
    memcpy(bytes, &size.items, 4);
    if (tree != NULL) {
        tsq_write(tree, (TsqItem *)(bytes + 4), bytes + head, &i, &at);
    }
    *out = str_ref(bytes, head + size.strings);
    return ST_OK;
}

/* ---- simplifying ---- */

/* tsq_drop_stops_at - left_add, right_add: by how much more the phrase around must reach to its
 * left and right because words are gone. */
static TsqNode *tsq_drop_stops_at(TsqNode *n, uint32_t *left_add, uint32_t *right_add)
{
    uint32_t ll, lr, rl, rr;
    *left_add = *right_add = 0;
    if (n->kind != TSQ_OPERATOR) {
        return n->kind == TSQ_STOP ? NULL : n;
    }
    if (n->oper == TSQ_NOT) {
        n->right = tsq_drop_stops_at(n->right, left_add, right_add);
        return n->right == NULL ? NULL : n;
    }
    bool phrase = n->oper == TSQ_PHRASE;
    uint32_t distance = phrase ? n->distance : 0;
    n->left = tsq_drop_stops_at(n->left, &ll, &lr);
    n->right = tsq_drop_stops_at(n->right, &rl, &rr);
    if (n->left == NULL && n->right == NULL) {
        *left_add = *right_add = phrase ? ll + distance + rl : MAX(ll, rl);
        return NULL;
    }
    if (n->left == NULL) {
        *left_add = phrase ? ll + distance + rl : rl;
        *right_add = rr;
        return n->right;
    }
    if (n->right == NULL) {
        *left_add = ll;
        *right_add = phrase ? lr + distance + rr : lr;
        return n->left;
    }
    if (phrase) {
        n->distance += lr + rl;
        *left_add = ll;
        *right_add = rr;
    }
    return n;
}

TsqNode *tsq_drop_stops(TsqNode *tree)
{
    uint32_t left, right;
    return tree == NULL ? NULL : tsq_drop_stops_at(tree, &left, &right);
}

TsqNode *tsq_drop_nots(TsqNode *n)
{
    if (n == NULL || n->kind != TSQ_OPERATOR) {
        return n;
    }
    if (n->oper == TSQ_NOT) {
        return NULL;
    }
    n->left = tsq_drop_nots(n->left);
    n->right = tsq_drop_nots(n->right);
    if (n->oper == TSQ_OR) {
        return n->left == NULL || n->right == NULL ? NULL : n;
    }
    return n->left == NULL ? n->right : n->right == NULL ? n->left : n;
}
