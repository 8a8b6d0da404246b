/*
 * cat_builtin.c - objects over the constant rows: shapes of the catalogs, types, functions,
 * operators and casts of PostgreSQL itself.
 *
 * They are made once when the catalog opens (a fraction of a millisecond: the texts stay in the
 * pools) and never change, so look-ups of them need no lock and no pin.
 */
#include "catalog/cat_internal.h"

#define PROC_NEXTVAL 1574

PhysType cat_column_phys(Oid type)
{
    const TypeOps *ops = type_ops(type);
    if (ops != NULL) {
        return ops->phys;
    }
    switch (type) {
    case TYPE_BOOL: return PHYS_BOOL;
    case TYPE_INT2: return PHYS_I16;
    case TYPE_INT4:
    case TYPE_OID:
    case TYPE_REGPROC:
    case TYPE_REGCLASS:
    case TYPE_REGTYPE:
    case TYPE_XID:
    case TYPE_CID: return PHYS_I32;
    case TYPE_INT8:
    case TYPE_TIMESTAMPTZ: return PHYS_I64;
    case TYPE_FLOAT4: return PHYS_F32;
    case TYPE_FLOAT8: return PHYS_F64;
    default: return PHYS_STR;
    }
}

/* builtin_search - position of the row whose first column, an OID, is oid; -1 when none. */
static int32_t builtin_search(const void *rows, uint32_t count, size_t row_bytes, size_t offset,
                              Oid oid)
{
    uint32_t lo = 0, hi = count;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        Oid at;
        memcpy(&at, (const uint8_t *)rows + mid * row_bytes + offset, sizeof(at));
        if (at < oid) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo < count) {
        Oid at;
        memcpy(&at, (const uint8_t *)rows + lo * row_bytes + offset, sizeof(at));
        if (at == oid) {
            return (int32_t)lo;
        }
    }
    return -1;
}
#define BUILTIN_SEARCH(rel, count, type, value)                                                    \
    builtin_search((rel), (count), sizeof(type), offsetof(type, oid), (value))

const PgClassRow *cat_builtin_class(Oid oid)
{
    int32_t at = BUILTIN_SEARCH(catalog_pg_class, CATALOG_PG_CLASS_COUNT, PgClassRow, oid);
    return at < 0 ? NULL : &catalog_pg_class[at];
}

static int32_t builtin_type_at(Oid oid)
{
    return BUILTIN_SEARCH(catalog_pg_type, CATALOG_PG_TYPE_COUNT, PgTypeRow, oid);
}

const CatType *cat_builtin_type(const Catalog *c, Oid oid)
{
    int32_t at = builtin_type_at(oid);
    return at < 0 ? NULL : &c->types[at];
}

const CatProc *cat_builtin_proc(const Catalog *c, Oid oid)
{
    int32_t at = BUILTIN_SEARCH(catalog_pg_proc, CATALOG_PG_PROC_COUNT, PgProcRow, oid);
    return at < 0 ? NULL : &c->procs[at];
}

const CatProc *cat_identity_nextval(CatView *v)
{
    return &v->catalog->identity_nextval;
}

const char *cat_builtin_body(Oid proc)
{
    int32_t at = BUILTIN_SEARCH(catalog_pg_proc, CATALOG_PG_PROC_COUNT, PgProcRow, proc);
    const char *body = at < 0 ? NULL : catalog_str(catalog_pg_proc[at].prosqlbody);
    return at < 0 || body != NULL ? body : catalog_str(catalog_pg_proc[at].prosrc);
}

const CatOper *cat_builtin_oper(const Catalog *c, Oid oid)
{
    int32_t at = BUILTIN_SEARCH(catalog_pg_operator, CATALOG_PG_OPERATOR_COUNT, PgOperatorRow, oid);
    return at < 0 ? NULL : &c->opers[at];
}

const CatShape *cat_shape(const Catalog *c, Oid rel)
{
    int32_t at =
        builtin_search(c->shapes, c->shape_count, sizeof(CatShape), offsetof(CatShape, rel), rel);
    return at < 0 ? NULL : &c->shapes[at];
}

/* Each finds the first position of an index array whose name is not less than the wanted one. */
#define NAME_LOWER(fn, rel, member, total)                                                         \
    uint32_t fn(const char *name)                                                                  \
    {                                                                                              \
        uint32_t lo = 0, hi = (total);                                                             \
        while (lo < hi) {                                                                          \
            uint32_t mid = (lo + hi) / 2;                                                          \
            if (strcmp(catalog_str(rel[rel##_by_##member[mid]].member), name) < 0) {               \
                lo = mid + 1;                                                                      \
            } else {                                                                               \
                hi = mid;                                                                          \
            }                                                                                      \
        }                                                                                          \
        return lo;                                                                                 \
    }
NAME_LOWER(cat_type_name_lower, catalog_pg_type, typname, CATALOG_PG_TYPE_COUNT)
NAME_LOWER(cat_proc_name_lower, catalog_pg_proc, proname, CATALOG_PG_PROC_COUNT)
NAME_LOWER(cat_oper_name_lower, catalog_pg_operator, oprname, CATALOG_PG_OPERATOR_COUNT)
NAME_LOWER(cat_class_name_lower, catalog_pg_class, relname, CATALOG_PG_CLASS_COUNT)

/* builtin_shape_key - the primary key, from pg_index. */
static void builtin_shape_key(CatShape *shape)
{
    for (uint32_t i = 0; i < CATALOG_PG_INDEX_COUNT; i++) {
        const PgIndexRow *ix = &catalog_pg_index[i];
        if (ix->indrelid != shape->rel || !ix->indisprimary) {
            continue;
        }
        uint32_t n;
        const int32_t *attnums = catalog_vec(ix->indkey, &n);
        ASSERT(n <= CAT_KEY_COLUMNS_MAX);
        for (uint32_t k = 0; k < n; k++) {
            shape->key[k] = (uint16_t)(attnums[k] - 1);
        }
        shape->key_count = (uint16_t)n;
        return;
    }
    /* pg_depend and pg_shdepend have no key: all their columns, in order. */
    shape->key_count = (uint16_t)MIN(shape->column_count, CAT_KEY_COLUMNS_MAX);
    for (uint16_t k = 0; k < shape->key_count; k++) {
        shape->key[k] = k;
    }
}

/* builtin_init_shapes - a CatShape for each catalog table, by OID. */
static void builtin_init_shapes(Catalog *c)
{
    c->shapes = ARENA_ARRAY(&c->arena, CatShape, CATALOG_PG_CLASS_COUNT);
    uint32_t attr = 0, rel = 0;
    for (uint32_t i = 0; i < CATALOG_PG_CLASS_COUNT; i++) {
        const PgClassRow *row = &catalog_pg_class[i];
        if (row->relkind != 'r') {
            continue;
        }
        CatShape *shape = &c->shapes[c->shape_count++];
        shape->rel = row->oid;
        shape->name = catalog_str(row->relname);
        shape->shared = row->relisshared;
        /* Both are ordered by the relation's OID: walk them side by side. */
        for (; attr < CATALOG_PG_ATTRIBUTE_COUNT; attr++) {
            const PgAttributeRow *a = &catalog_pg_attribute[attr];
            if (a->attrelid > row->oid) {
                break;
            }
            if (a->attrelid == row->oid && a->attnum > 0) {
                uint16_t n = shape->column_count++;
                ASSERT(n < CAT_COLUMNS_MAX);
                shape->types[n] = a->atttypid;
                shape->columns[n] = catalog_str(a->attname);
            }
        }
        while (rel < CATALOG_REL_COUNT && catalog_rels[rel].relid < row->oid) {
            rel++;
        }
        if (rel < CATALOG_REL_COUNT && catalog_rels[rel].relid == row->oid) {
            shape->builtin = &catalog_rels[rel];
        }
        builtin_shape_key(shape);
    }
}

/* builtin_base - the type a (possibly nested) domain is made of. */
static const PgTypeRow *builtin_base(const PgTypeRow *t)
{
    while (t->typtype == 'd') {
        t = &catalog_pg_type[builtin_type_at(t->typbasetype)];
    }
    return t;
}

/* builtin_init_types - a CatType for each row of pg_type. */
static void builtin_init_types(Catalog *c)
{
    c->types = ARENA_ARRAY(&c->arena, CatType, CATALOG_PG_TYPE_COUNT);
    for (uint32_t i = 0; i < CATALOG_PG_TYPE_COUNT; i++) {
        const PgTypeRow *row = &catalog_pg_type[i];
        Oid base = builtin_base(row)->oid;
        c->types[i] = (CatType){
            .oid = row->oid,
            .namespace_oid = row->typnamespace,
            .name = catalog_str(row->typname),
            .kind = (char)row->typtype,
            .category = (char)row->typcategory,
            .preferred = row->typispreferred,
            .len = row->typlen,
            .element = row->typelem,
            .array = row->typarray,
            .base = row->typbasetype,
            .relation = row->typrelid,
            .collation = row->typcollation,
            .typmod = row->typtypmod,
            .carrier = row->typtype == 'c' ? TYPE_RECORD : base,
            .phys = cat_column_phys(base),
            .ops = type_ops(row->typtype == 'c' ? TYPE_RECORD : base),
        };
    }
}

/* builtin_init_proc - the CatProc of one row; only modes and names need memory. */
static void builtin_init_proc(Catalog *c, const PgProcRow *row, CatProc *p)
{
    uint32_t args, all, modes, names = 0;
    const int32_t *arg_types = catalog_vec(row->proargtypes, &args);
    const int32_t *all_types = catalog_vec(row->proallargtypes, &all);
    const int32_t *mode_codes = catalog_vec(row->proargmodes, &modes);
    const char *const *name_list = NULL;
    if (row->proargnames != 0) {
        names = cat_text_array(&c->arena, catalog_str(row->proargnames), &name_list);
    }
    char *mode_text = NULL;
    if (modes != 0) {
        mode_text = arena_alloc(&c->arena, modes + 1);
        for (uint32_t i = 0; i < modes; i++) {
            mode_text[i] = (char)mode_codes[i];
        }
        mode_text[modes] = 0;
    }
    *p = (CatProc){
        .oid = row->oid,
        .namespace_oid = row->pronamespace,
        .language = row->prolang,
        .result = row->prorettype,
        .variadic = row->provariadic,
        .name = catalog_str(row->proname),
        .prosrc = catalog_str(row->prosrc),
        .kind = (char)row->prokind,
        .volatility = (char)row->provolatile,
        .strict = row->proisstrict,
        .returns_set = row->proretset,
        .arg_count = (uint16_t)args,
        .default_count = (uint16_t)row->pronargdefaults,
        .args = (const Oid *)arg_types,
        .defaults = catalog_str(row->proargdefaults),
        .all_arg_count = (uint16_t)(all != 0 ? all : args),
        .all_args = (const Oid *)(all != 0 ? all_types : arg_types),
        .arg_modes = mode_text,
        .arg_names = names != 0 ? name_list : NULL,
    };
}

static void builtin_init_opers(Catalog *c)
{
    c->opers = ARENA_ARRAY(&c->arena, CatOper, CATALOG_PG_OPERATOR_COUNT);
    for (uint32_t i = 0; i < CATALOG_PG_OPERATOR_COUNT; i++) {
        const PgOperatorRow *row = &catalog_pg_operator[i];
        c->opers[i] = (CatOper){
            .oid = row->oid,
            .namespace_oid = row->oprnamespace,
            .left = row->oprleft,
            .right = row->oprright,
            .result = row->oprresult,
            .proc = row->oprcode,
            .commutator = row->oprcom,
            .negator = row->oprnegate,
            .name = catalog_str(row->oprname),
            .can_hash = row->oprcanhash,
            .can_merge = row->oprcanmerge,
        };
    }
}

Status cat_builtin_init(Cx *cx, Catalog *c)
{
    builtin_init_shapes(c);
    builtin_init_types(c);
    /* Shapes need physical types, which domains of the information schema take from their base. */
    for (uint32_t i = 0; i < c->shape_count; i++) {
        CatShape *shape = &c->shapes[i];
        for (uint16_t k = 0; k < shape->column_count; k++) {
            const CatType *t = cat_builtin_type(c, shape->types[k]);
            shape->phys[k] = t != NULL ? t->phys : cat_column_phys(shape->types[k]);
        }
    }
    c->procs = ARENA_ARRAY(&c->arena, CatProc, CATALOG_PG_PROC_COUNT);
    for (uint32_t i = 0; i < CATALOG_PG_PROC_COUNT; i++) {
        builtin_init_proc(c, &catalog_pg_proc[i], &c->procs[i]);
    }
    c->identity_nextval = *cat_builtin_proc(c, PROC_NEXTVAL);
    c->identity_nextval.prosrc = "identity_nextval";
    builtin_init_opers(c);
    c->casts = ARENA_ARRAY(&c->arena, CatCast, CATALOG_PG_CAST_COUNT);
    for (uint32_t i = 0; i < CATALOG_PG_CAST_COUNT; i++) {
        const PgCastRow *row = &catalog_pg_cast[catalog_pg_cast_by_castsource_casttarget[i]];
        c->casts[i] = (CatCast){
            .source = row->castsource,
            .target = row->casttarget,
            .proc = row->castfunc,
            .context = (char)row->castcontext,
            .method = (char)row->castmethod,
        };
    }
    return arena_check(cx, &c->arena);
}

const CatCast *cat_builtin_cast(const Catalog *c, Oid source, Oid target)
{
    const CatCast *casts = c->casts;
    uint32_t lo = 0, hi = CATALOG_PG_CAST_COUNT;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        const CatCast *at = &casts[mid];
        if (at->source < source || (at->source == source && at->target < target)) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo < CATALOG_PG_CAST_COUNT && casts[lo].source == source && casts[lo].target == target) {
        return &casts[lo];
    }
    return NULL;
}

/* builtin_vector_text - "1 2" for the vector types, "{1,2}" for arrays. */
static const char *builtin_vector_text(Arena *arena, Oid type, CatVec vec)
{
    uint32_t n;
    const int32_t *values = catalog_vec(vec, &n);
    bool plain = type == TYPE_INT2VECTOR || type == TYPE_OIDVECTOR;
    bool chars = type == 1002; /* "char"[] */
    Buf b;
    buf_init(&b, SIZE_MAX / 2);
    if (!plain) {
        buf_putc(&b, '{');
    }
    for (uint32_t i = 0; i < n; i++) {
        if (i != 0) {
            buf_putc(&b, plain ? ' ' : ',');
        }
        if (chars) {
            buf_putc(&b, (char)values[i]);
        } else {
            buf_put_i64_text(&b, values[i]);
        }
    }
    if (!plain) {
        buf_putc(&b, '}');
    }
    char *text = arena_strndup(arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

/* builtin_put_int - an integer constant in whatever physical type the column has. */
static void builtin_put_int(PhysType phys, int64_t value, Datum *out)
{
    switch (phys) {
    case PHYS_BOOL: out->b16[0] = (uint8_t)value; return;
    case PHYS_I16: out->i16 = (int16_t)value; return;
    case PHYS_I32: out->i32 = (int32_t)value; return;
    case PHYS_I64: out->i64 = value; return;
    case PHYS_F32: out->f32 = (float)value; return;
    case PHYS_F64: out->f64 = (double)value; return;
    case PHYS_STR: { /* "char" */
        char byte = (char)value;
        out->str = str_ref(&byte, byte != 0);
        return;
    }
    default: UNREACHABLE();
    }
}

void cat_builtin_value(const CatShape *shape, const void *row, uint16_t column, Arena *arena,
                       Datum *value_out, bool *null_out)
{
    const CatRelColumn *col = &shape->builtin->columns[column];
    const uint8_t *at = (const uint8_t *)row + col->offset;
    PhysType phys = shape->phys[column];
    uint32_t word;
    *null_out = false;
    memset(value_out, 0, sizeof(*value_out));
    switch ((CatColKind)col->kind) {
    case CAT_COL_BOOL:
    case CAT_COL_CHAR: builtin_put_int(phys, *at, value_out); return;
    case CAT_COL_I16: {
        int16_t v16;
        memcpy(&v16, at, sizeof(v16));
        builtin_put_int(phys, v16, value_out);
        return;
    }
    case CAT_COL_I32:
        memcpy(&word, at, sizeof(word));
        *null_out = (int32_t)word == INT32_MIN;
        builtin_put_int(phys, (int32_t)word, value_out);
        return;
    case CAT_COL_U32:
        memcpy(&word, at, sizeof(word));
        builtin_put_int(phys, word, value_out);
        return;
    case CAT_COL_I64: {
        int64_t v64;
        memcpy(&v64, at, sizeof(v64));
        builtin_put_int(phys, v64, value_out);
        return;
    }
    case CAT_COL_F32: memcpy(&value_out->f32, at, sizeof(float)); return;
    case CAT_COL_STR:
    case CAT_COL_VEC: {
        memcpy(&word, at, sizeof(word));
        *null_out = word == 0;
        if (word != 0 && phys == PHYS_STR) {
            const char *text = col->kind == CAT_COL_STR
                                   ? catalog_str(word)
                                   : builtin_vector_text(arena, shape->types[column], word);
            value_out->str = str_ref(text, strlen(text));
        }
        return;
    }
    }
}
