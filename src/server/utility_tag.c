/*
 * utility_tag.c - the command tag of a statement before it runs, for texts that name it: "cannot
 * execute CREATE TABLE in a read-only transaction", "CREATE TRIGGER is not supported yet".
 */
#include <ctype.h>
#include <pg_query/pg_query.pb-c.h>
#include <stdio.h>

#include "server/server_internal.h"

typedef struct TagOfNode {
    int node_case;
    const char *tag;
} TagOfNode;

#define NODE(name, tag)                                                                            \
    {                                                                                              \
        PG_QUERY__NODE__NODE_##name, tag                                                           \
    }
static const TagOfNode TAGS[] = {
    NODE(CREATE_STMT, "CREATE TABLE"),
    NODE(CREATE_TABLE_AS_STMT, "CREATE TABLE AS"),
    NODE(SELECT_STMT, "SELECT INTO"),
    NODE(INDEX_STMT, "CREATE INDEX"),
    NODE(VIEW_STMT, "CREATE VIEW"),
    NODE(CREATE_SEQ_STMT, "CREATE SEQUENCE"),
    NODE(ALTER_SEQ_STMT, "ALTER SEQUENCE"),
    NODE(CREATE_SCHEMA_STMT, "CREATE SCHEMA"),
    NODE(TRUNCATE_STMT, "TRUNCATE TABLE"),
    NODE(COMMENT_STMT, "COMMENT"),
    NODE(CREATE_ROLE_STMT, "CREATE ROLE"),
    NODE(ALTER_ROLE_STMT, "ALTER ROLE"),
    NODE(ALTER_ROLE_SET_STMT, "ALTER ROLE"),
    NODE(DROP_ROLE_STMT, "DROP ROLE"),
    NODE(CREATEDB_STMT, "CREATE DATABASE"),
    NODE(DROPDB_STMT, "DROP DATABASE"),
    NODE(ALTER_DATABASE_STMT, "ALTER DATABASE"),
    NODE(ALTER_DATABASE_SET_STMT, "ALTER DATABASE"),
    NODE(ALTER_DATABASE_REFRESH_COLL_STMT, "ALTER DATABASE"),
    NODE(CREATE_FUNCTION_STMT, "CREATE FUNCTION"),
    NODE(CREATE_TRIG_STMT, "CREATE TRIGGER"),
    NODE(CREATE_ENUM_STMT, "CREATE TYPE"),
    NODE(COMPOSITE_TYPE_STMT, "CREATE TYPE"),
    NODE(CREATE_RANGE_STMT, "CREATE TYPE"),
    NODE(ALTER_ENUM_STMT, "ALTER TYPE"),
    NODE(CREATE_DOMAIN_STMT, "CREATE DOMAIN"),
    NODE(ALTER_DOMAIN_STMT, "ALTER DOMAIN"),
    NODE(CREATE_EXTENSION_STMT, "CREATE EXTENSION"),
    NODE(CREATE_CAST_STMT, "CREATE CAST"),
    NODE(CREATE_CONVERSION_STMT, "CREATE CONVERSION"),
    NODE(CREATE_POLICY_STMT, "CREATE POLICY"),
    NODE(CREATE_STATS_STMT, "CREATE STATISTICS"),
    NODE(CREATE_PUBLICATION_STMT, "CREATE PUBLICATION"),
    NODE(CREATE_SUBSCRIPTION_STMT, "CREATE SUBSCRIPTION"),
    NODE(CREATE_EVENT_TRIG_STMT, "CREATE EVENT TRIGGER"),
    NODE(CREATE_FDW_STMT, "CREATE FOREIGN DATA WRAPPER"),
    NODE(CREATE_FOREIGN_SERVER_STMT, "CREATE SERVER"),
    NODE(CREATE_FOREIGN_TABLE_STMT, "CREATE FOREIGN TABLE"),
    NODE(CREATE_TABLE_SPACE_STMT, "CREATE TABLESPACE"),
    NODE(RULE_STMT, "CREATE RULE"),
    NODE(REFRESH_MAT_VIEW_STMT, "REFRESH MATERIALIZED VIEW"),
    NODE(CLUSTER_STMT, "CLUSTER"),
    NODE(REINDEX_STMT, "REINDEX"),
    NODE(DO_STMT, "DO"),
    NODE(CALL_STMT, "CALL"),
    NODE(LISTEN_STMT, "LISTEN"),
    NODE(UNLISTEN_STMT, "UNLISTEN"),
    NODE(NOTIFY_STMT, "NOTIFY"),
    NODE(DECLARE_CURSOR_STMT, "DECLARE CURSOR"),
    NODE(FETCH_STMT, "FETCH"),
    NODE(CLOSE_PORTAL_STMT, "CLOSE CURSOR"),
    NODE(CONSTRAINTS_SET_STMT, "SET CONSTRAINTS"),
    NODE(ALTER_SYSTEM_STMT, "ALTER SYSTEM"),
    NODE(ALTER_DEFAULT_PRIVILEGES_STMT, "ALTER DEFAULT PRIVILEGES"),
    NODE(REASSIGN_OWNED_STMT, "REASSIGN OWNED"),
    NODE(DROP_OWNED_STMT, "DROP OWNED"),
    NODE(SEC_LABEL_STMT, "SECURITY LABEL"),
    NODE(IMPORT_FOREIGN_SCHEMA_STMT, "IMPORT FOREIGN SCHEMA"),
    NODE(LOAD_STMT, "LOAD"),
    NODE(MERGE_STMT, "MERGE"),
};

/* tag_of_object - "DROP" and OBJECT_FOREIGN_TABLE give "DROP FOREIGN TABLE". */
static const char *tag_of_object(Arena *arena, const char *verb, PgQuery__ObjectType type)
{
    const ProtobufCEnumValue *v =
        protobuf_c_enum_descriptor_get_value(&pg_query__object_type__descriptor, (int)type);
    const char *name = v != NULL && strncmp(v->name, "OBJECT_", 7) == 0 ? v->name + 7 : "TABLE";
    if (strcmp(name, "MATVIEW") == 0) {
        name = "MATERIALIZED VIEW";
    } else if (strcmp(name, "COLUMN") == 0 || strcmp(name, "TABCONSTRAINT") == 0) {
        name = "TABLE";
    }
    char *tag = arena_printf(arena, "%s %s", verb, name);
    for (char *p = tag; *p != '\0'; p++) {
        *p = *p == '_' ? ' ' : *p;
    }
    return tag;
}

const char *utility_tag(Arena *arena, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_DROP_STMT:
        return tag_of_object(arena, "DROP", node->drop_stmt->remove_type);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        return tag_of_object(arena, "ALTER", node->rename_stmt->rename_type);
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        return tag_of_object(arena, "ALTER", node->alter_table_stmt->objtype);
    case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
        return tag_of_object(arena, "ALTER", node->alter_owner_stmt->object_type);
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
        return tag_of_object(arena, "ALTER", node->alter_object_schema_stmt->object_type);
    case PG_QUERY__NODE__NODE_DEFINE_STMT:
        return tag_of_object(arena, "CREATE", node->define_stmt->kind);
    case PG_QUERY__NODE__NODE_GRANT_STMT: return node->grant_stmt->is_grant ? "GRANT" : "REVOKE";
    case PG_QUERY__NODE__NODE_GRANT_ROLE_STMT:
        return node->grant_role_stmt->is_grant ? "GRANT ROLE" : "REVOKE ROLE";
    default: break;
    }
    for (size_t i = 0; i < ARRAY_LEN(TAGS); i++) {
        if (TAGS[i].node_case == (int)node->node_case) {
            return TAGS[i].tag;
        }
    }
    /* The member that the oneof holds names the statement. */
    const ProtobufCMessage *m = (const ProtobufCMessage *)node->select_stmt;
    return m != NULL ? m->descriptor->short_name : "this statement";
}
