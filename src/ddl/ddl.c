/*
 * ddl.c - which statement is whose.
 */
#include "ddl/role.h"

/* ddl_alter_schema - ALTER ... SET SCHEMA. */
static Status ddl_alter_schema(Cx *cx, DdlCx *d, const PgQuery__AlterObjectSchemaStmt *stmt,
                               const char **tag_out)
{
    bool domain = stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
    if (stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION) {
        *tag_out = "ALTER EXTENSION";
        return ddl_move_extension(cx, d, ddl_string(stmt->object), stmt->newschema);
    }
    if (!domain && stmt->object_type != PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) {
        return ddl_set_schema(cx, d, stmt, tag_out);
    }
    *tag_out = domain ? "ALTER DOMAIN" : "ALTER TYPE";
    return ddl_type_schema(cx, d, stmt, domain);
}

Status ddl_any(Cx *cx, DdlCx *d, const struct PgQuery__Node *stmt, const char **tag_out)
{
    switch (stmt->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
        *tag_out = "CREATE TABLE";
        return ddl_create_table(cx, d, stmt->create_stmt);
    case PG_QUERY__NODE__NODE_INDEX_STMT: return ddl_create_index(cx, d, stmt->index_stmt, tag_out);
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
        *tag_out = "CREATE SEQUENCE";
        return ddl_create_sequence(cx, d, stmt->create_seq_stmt);
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
        *tag_out = "ALTER SEQUENCE";
        return ddl_alter_sequence(cx, d, stmt->alter_seq_stmt);
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT:
        *tag_out = "CREATE TRIGGER";
        return ddl_create_trigger(cx, d, stmt->create_trig_stmt);
    case PG_QUERY__NODE__NODE_CREATE_EVENT_TRIG_STMT:
        return ddl_create_event_trigger(cx, stmt->create_event_trig_stmt);
    case PG_QUERY__NODE__NODE_ALTER_EVENT_TRIG_STMT:
        return ddl_alter_event_trigger(cx, stmt->alter_event_trig_stmt->trigname);
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
        *tag_out = "CREATE SCHEMA";
        return ddl_create_schema(cx, d, stmt->create_schema_stmt);
    case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
        return ddl_alter_owner(cx, d, stmt->alter_owner_stmt, tag_out);
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
        *tag_out = "TRUNCATE TABLE";
        return ddl_truncate(cx, d, stmt->truncate_stmt);
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        return ddl_alter_table(cx, d, stmt->alter_table_stmt, tag_out);
    case PG_QUERY__NODE__NODE_RENAME_STMT: return ddl_rename(cx, d, stmt->rename_stmt, tag_out);
    case PG_QUERY__NODE__NODE_VIEW_STMT:
        *tag_out = "CREATE VIEW";
        return ddl_create_view(cx, d, stmt->view_stmt);
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: /* a table's rows are the server's */
        return stmt->create_table_as_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW
                   ? ddl_create_matview(cx, d, stmt->create_table_as_stmt, tag_out)
                   : ST_NOTFOUND;
    case PG_QUERY__NODE__NODE_REINDEX_STMT:
        *tag_out = "REINDEX";
        return ddl_reindex(cx, d, stmt->reindex_stmt);
    case PG_QUERY__NODE__NODE_CLUSTER_STMT:
        *tag_out = "CLUSTER";
        return ddl_cluster(cx, d, stmt->cluster_stmt);
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT:
        *tag_out = "REFRESH MATERIALIZED VIEW";
        return ddl_refresh_matview(cx, d, stmt->refresh_mat_view_stmt);
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
        *tag_out = "COMMENT";
        return ddl_comment(cx, d, stmt->comment_stmt);
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
        *tag_out =
            stmt->create_function_stmt->is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION";
        return ddl_create_function(cx, d, stmt->create_function_stmt);
    case PG_QUERY__NODE__NODE_ALTER_FUNCTION_STMT:
        return ddl_alter_function(cx, d, stmt->alter_function_stmt, tag_out);
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
        *tag_out = "CREATE TYPE";
        return ddl_create_enum(cx, d, stmt->create_enum_stmt);
    case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT:
        *tag_out = "ALTER TYPE";
        return ddl_alter_enum(cx, d, stmt->alter_enum_stmt);
    case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT:
        *tag_out = "CREATE TYPE";
        return ddl_create_range(cx, d, stmt->create_range_stmt);
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
        *tag_out = "CREATE DOMAIN";
        return ddl_create_domain(cx, d, stmt->create_domain_stmt);
    case PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT:
        *tag_out = "ALTER DOMAIN";
        return ddl_alter_domain(cx, d, stmt->alter_domain_stmt);
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
        *tag_out = "CREATE TYPE";
        return ddl_create_composite(cx, d, stmt->composite_type_stmt);
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
        return ddl_alter_schema(cx, d, stmt->alter_object_schema_stmt, tag_out);
    case PG_QUERY__NODE__NODE_DROP_STMT: return ddl_drop(cx, d, stmt->drop_stmt, tag_out);
    case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT:
        *tag_out = "CREATE EXTENSION";
        return ddl_create_extension(cx, d, stmt->create_extension_stmt);
    case PG_QUERY__NODE__NODE_ALTER_EXTENSION_STMT:
        *tag_out = "ALTER EXTENSION";
        return ddl_update_extension(cx, d, stmt->alter_extension_stmt);
    case PG_QUERY__NODE__NODE_CREATEDB_STMT:
        *tag_out = "CREATE DATABASE";
        return ddl_create_database(cx, d, stmt->createdb_stmt);
    case PG_QUERY__NODE__NODE_DROPDB_STMT:
        *tag_out = "DROP DATABASE";
        return ddl_drop_database(cx, d, stmt->dropdb_stmt);
    case PG_QUERY__NODE__NODE_ALTER_DATABASE_STMT:
        *tag_out = "ALTER DATABASE";
        return ddl_alter_database(cx, d, stmt->alter_database_stmt);
    case PG_QUERY__NODE__NODE_ALTER_DATABASE_REFRESH_COLL_STMT:
        *tag_out = "ALTER DATABASE";
        return ddl_refresh_database_collation(cx, d, stmt->alter_database_refresh_coll_stmt);
    default: return ddl_role_any(cx, d, stmt, tag_out);
    }
}

Status ddl_execute(Cx *cx, DdlCx *d, const struct PgQuery__Node *stmt, const char **tag_out)
{
    TRY(cat_view_judge(cx, d->view, ddl_any(cx, d, stmt, tag_out)));
    return arena_check(cx, d->arena);
}
