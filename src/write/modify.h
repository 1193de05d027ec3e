/*
 * modify.h
 *		The executor's callbacks of INSERT, UPDATE, DELETE, COPY and TRUNCATE.
 */
#ifndef MILVUS_MODIFY_H
#define MILVUS_MODIFY_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"

#include "remote/table.h"

struct ExplainState;

/* modify.c: row by row */
extern void milvusBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rri,
									 List *fdw_private, int subplan_index, int eflags);
extern void milvusBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rri);
extern TupleTableSlot *milvusExecForeignInsert(EState *estate, ResultRelInfo *rri,
											   TupleTableSlot *slot, TupleTableSlot *planSlot);
extern int	milvusGetForeignModifyBatchSize(ResultRelInfo *rri);
extern TupleTableSlot **milvusExecForeignBatchInsert(EState *estate, ResultRelInfo *rri, TupleTableSlot **slots, TupleTableSlot **planSlots, int *numSlots);
extern TupleTableSlot *milvusExecForeignUpdate(EState *estate, ResultRelInfo *rri,
											   TupleTableSlot *slot, TupleTableSlot *planSlot);
extern TupleTableSlot *milvusExecForeignDelete(EState *estate, ResultRelInfo *rri,
											   TupleTableSlot *slot, TupleTableSlot *planSlot);
extern void milvusEndForeignModify(EState *estate, ResultRelInfo *rri);
extern void milvusEndForeignInsert(EState *estate, ResultRelInfo *rri);
extern void milvusExplainForeignModify(ModifyTableState *mtstate, ResultRelInfo *rri,
									   List *fdw_private, int subplan_index, struct ExplainState *es);
extern int	milvusIsForeignRelUpdatable(Relation rel);

/* Have what a statement wrote sent before its AFTER triggers run: a hook is installed. */
extern void modify_install_hook(void);

/* Error 55000 when the table's options forbid to write: what, for the message. */
extern void modify_check_updatable(const MilvusTable *table, const char *what);

/* direct_delete.c: a DELETE that is one request */
extern void milvusBeginDirectModify(ForeignScanState *node, int eflags);
extern TupleTableSlot *milvusIterateDirectModify(ForeignScanState *node);
extern void milvusEndDirectModify(ForeignScanState *node);
extern void milvusExplainDirectModify(ForeignScanState *node, struct ExplainState *es);

/* truncate.c */
extern void milvusExecForeignTruncate(List *relations, DropBehavior behavior, bool restart_sequences);

#endif							/* MILVUS_MODIFY_H */
