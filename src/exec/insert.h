/*
 * insert.h
 *		The executor's callbacks of INSERT and COPY, and the buffer behind them.
 */
#ifndef MILVUS_INSERT_H
#define MILVUS_INSERT_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"

extern List *milvusPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index resultRelation,
									 int subplan_index);
extern void milvusBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rri,
									 List *fdw_private, int subplan_index, int eflags);
extern void milvusBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rri);
extern TupleTableSlot *milvusExecForeignInsert(EState *estate, ResultRelInfo *rri,
											   TupleTableSlot *slot, TupleTableSlot *planSlot);
extern void milvusEndForeignModify(EState *estate, ResultRelInfo *rri);
extern void milvusEndForeignInsert(EState *estate, ResultRelInfo *rri);
extern int	milvusIsForeignRelUpdatable(Relation rel);

#endif							/* MILVUS_INSERT_H */
