/*
 * function_body.c - SQL-standard bodies of functions, as the catalog keeps them: a letter (A for
 * BEGIN ATOMIC, R for RETURN), then each query's tree behind its length.
 */
#include "bind/bind_internal.h"

Status bind_store_body(Cx *cx, Arena *arena, bool atomic, Query *const *list, uint32_t count,
                       const char **text_out)
{
    Buf b;
    Status st = ST_OK;
    buf_init(&b, (size_t)1 << 26);
    buf_putc(&b, atomic ? 'A' : 'R');
    for (uint32_t i = 0; i < count && st == ST_OK; i++) {
        const char *tree = "";
        st = bind_store_query(cx, arena, list[i], &tree);
        buf_printf(&b, "%zu:", strlen(tree));
        buf_puts(&b, tree);
    }
    *text_out = arena_strndup(arena, (const char *)b.data, b.len);
    buf_release(&b);
    return st;
}

/* bind_load_body - each tree is read by itself, so it needs an end of its own. */
Status bind_load_body(Cx *cx, BindCx *b, const char *stored, bool *atomic_out, Query ***list_out,
                      uint32_t *count_out)
{
    BindScope base = {.cx = cx, .b = b, .stored = true};
    const char *at = stored + 1, *end = stored + strlen(stored);
    uint32_t size = 0;
    *atomic_out = stored[0] == 'A';
    *list_out = NULL;
    *count_out = 0;
    while (at < end) {
        char *after;
        size_t len = strtoull(at, &after, 10);
        if (*after != ':' || len > (size_t)(end - after - 1)) {
            return err_set(cx, ERRCODE_DATA_CORRUPTED, "a function's stored body is damaged");
        }
        if (*count_out == size) {
            uint32_t more = size == 0 ? 4 : size * 2;
            *list_out =
                arena_grow(b->arena, *list_out, size * sizeof(Query *), more * sizeof(Query *));
            size = more;
        }
        BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
        TRY(bind_read_query(s, arena_strndup(b->arena, after + 1, len), &(*list_out)[*count_out]));
        (*count_out)++;
        at = after + 1 + len;
    }
    return ST_OK;
}
