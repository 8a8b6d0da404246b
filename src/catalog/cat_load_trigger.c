/*
 * cat_load_trigger.c - the triggers of a relation from their stored rows, in the order of their
 * names: they fire in it.
 */
#include "catalog/cat_internal.h"

/* trigger_args - tgargs: each argument with a zero byte after it. */
static const char *const *trigger_args(Arena *arena, const Str *bytes, uint16_t count)
{
    const char **args = ARENA_ARRAY(arena, const char *, count + 1u);
    const char *at = arena_strndup(arena, str_ptr(bytes), bytes->len), *end = at + bytes->len;
    for (uint16_t i = 0; i < count; i++) {
        args[i] = at;
        at += at < end ? strlen(at) + 1 : 0;
    }
    return args;
}

static const int16_t *trigger_columns(Arena *arena, const char *text, uint16_t *count_out)
{
    int64_t *values;
    uint32_t n = cat_text_ints(arena, text, &values);
    int16_t *out = ARENA_ARRAY(arena, int16_t, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (int16_t)values[i];
    }
    *count_out = (uint16_t)n;
    return out;
}

/* trigger_load - one row of pg_trigger. */
static void trigger_load(Arena *arena, const CatShape *shape, const CatRow *r, CatTrigger *out)
{
    *out = (CatTrigger){
        .oid = cat_oid(r, PG_TRIGGER_OID),
        .function = cat_oid(r, PG_TRIGGER_TGFOID),
        .constraint = cat_oid(r, PG_TRIGGER_TGCONSTRAINT),
        .constraint_table = cat_oid(r, PG_TRIGGER_TGCONSTRRELID),
        .constraint_index = cat_oid(r, PG_TRIGGER_TGCONSTRINDID),
        .name = cat_str(arena, r, PG_TRIGGER_TGNAME),
        .type = r->values[PG_TRIGGER_TGTYPE].i16,
        .enabled = cat_char(r, PG_TRIGGER_TGENABLED),
        .internal = cat_int(shape, r, PG_TRIGGER_TGISINTERNAL) != 0,
        .deferrable = cat_int(shape, r, PG_TRIGGER_TGDEFERRABLE) != 0,
        .deferred = cat_int(shape, r, PG_TRIGGER_TGINITDEFERRED) != 0,
        .arg_count = (uint16_t)r->values[PG_TRIGGER_TGNARGS].i16,
        .when_sql = cat_str(arena, r, PG_TRIGGER_TGQUAL),
        .old_table = cat_str(arena, r, PG_TRIGGER_TGOLDTABLE),
        .new_table = cat_str(arena, r, PG_TRIGGER_TGNEWTABLE),
    };
    out->columns = trigger_columns(arena, cat_str(arena, r, PG_TRIGGER_TGATTR), &out->column_count);
    out->args = trigger_args(arena, &r->values[PG_TRIGGER_TGARGS].str, out->arg_count);
}

static int trigger_by_name(const void *a, const void *b)
{
    const CatTrigger *x = a, *y = b;
    return strcmp(x->name, y->name);
}

Status cat_load_triggers(Cx *cx, CatRead *read, Arena *scratch, Arena *arena, CatTable *t)
{
    const CatShape *shape = cat_shape(read->view->catalog, CAT_PG_TRIGGER);
    CatKey key = cat_key_oid(PG_TRIGGER_TGRELID, t->oid);
    const CatRow *rows;
    uint32_t count;
    TRY(cat_read_list(cx, read, scratch, CAT_PG_TRIGGER, &key, &rows, &count));
    CatTrigger *list = ARENA_ARRAY(arena, CatTrigger, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        trigger_load(arena, shape, &rows[i], &list[i]);
    }
    if (count > 1) {
        array_sort(list, count, sizeof(CatTrigger), trigger_by_name);
    }
    t->triggers = list;
    t->trigger_count = (uint16_t)count;
    return ST_OK;
}
