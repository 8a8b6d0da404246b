#ifndef DASSIE_TABLE_MAINTAIN_H
#define DASSIE_TABLE_MAINTAIN_H
/*
 * maintain.h - what src/recovery drives of src/table: redo, undo and purge of row records, dropping
 * trees. Not for the executor.
 *
 * Redo runs in one thread before the engine is open. Undo runs in the aborting thread, purge in one
 * thread at a time; both beside normal work.
 */
#include "table/table.h"

Status table_runtime_create(Cx *cx, Engine *e);
void table_runtime_free(Engine *e);
/* table_set_purge_pos - after a restart: purge had come this far. */
void table_set_purge_pos(Engine *e, Lsn lsn);
/* table_undo_record - TxnUndoFn; arg is the Engine. */
Status table_undo_record(void *arg, Cx *cx, Txn *txn, Lsn lsn, const WalHeader *hdr, Slice body);
/* table_redo_record - row and sequence records, CLRs; idempotent by page LSN. */
Status table_redo_record(Cx *cx, Engine *e, Lsn lsn, const WalHeader *hdr, Slice body);
/* table_purge_record - remove what the record deleted, if it is still deleted by it. */
Status table_purge_record(Cx *cx, Engine *e, Lsn lsn, const WalHeader *hdr, Slice body);
/* overflow_free - harmless when the chain is gone already. */
Status overflow_free(Cx *cx, Engine *e, TreeId tree, PageNo page, uint64_t stamp);
/* table_drop_tree - free a tree: its overflow chains, its pages, its directory entry. Harmless when
 * it is gone already. */
Status table_drop_tree(Cx *cx, Engine *e, TreeId tree);
/* table_drop_some - the same by steps of about so many pages: ST_RESTART until it is done. */
Status table_drop_some(Cx *cx, Engine *e, TreeId tree, uint32_t pages);
/* table_check_rows - every row of a tree parses and its values out of line can be read. */
Status table_check_rows(Cx *cx, Engine *e, TreeId tree);
/* table_sequences_settle - before a clean shutdown: write what was handed out, not what was logged
 * ahead. */
Status table_sequences_settle(Cx *cx, Engine *e);

/* table_each_page - fn for each page a tree uses: its own, its layouts', its rows' values out of
 * line. Of a deleted row only those that are still its. */
Status table_each_page(Cx *cx, Engine *e, const TreeEntry *entry,
                       Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg);
/* table_describe_record - the body of a row record as text. */
void table_describe_record(const WalHeader *hdr, Slice body, Buf *out);

#endif
