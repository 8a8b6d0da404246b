#ifndef DASSIE_TXN_SHARE_H
#define DASSIE_TXN_SHARE_H
/*
 * share.h - a snapshot one transaction gives to others by name: pg_export_snapshot, SET TRANSACTION
 * SNAPSHOT.
 *
 * A name is good until the transaction that gave it ends. Any thread may import; the rules are
 * PostgreSQL's.
 */
#include "txn/txn.h"

#define SNAPSHOT_NAME_BYTES 32

/* snapshot_export - the snapshot txn reads with now, under a fresh name. 25001 inside a savepoint.
 */
Status snapshot_export(Cx *cx, Txn *txn, uint32_t database, char name_out[SNAPSHOT_NAME_BYTES]);
/* snapshot_import - read with it from now on; txn must not have read or written yet. 22023 no such
 * name, 0A000 what PostgreSQL refuses. */
Status snapshot_import(Cx *cx, Txn *txn, uint32_t database, const char *name);
bool snapshot_exported(const Txn *txn);

#endif
