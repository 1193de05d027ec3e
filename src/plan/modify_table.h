/*
 * modify_table.h
 *		The planner's callbacks of INSERT, UPDATE and DELETE.
 */
#ifndef MILVUS_PLAN_MODIFY_H
#define MILVUS_PLAN_MODIFY_H

#include "postgres.h"

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

#include "remote/table.h"

extern void milvusAddForeignUpdateTargets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte,
										  Relation target_relation);
extern List *milvusPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index resultRelation,
									 int subplan_index);
extern bool milvusPlanDirectModify(PlannerInfo *root, ModifyTable *plan, Index resultRelation,
								   int subplan_index);

/* The name under which the plan of an UPDATE or DELETE delivers the old key. */
extern char *modify_key_name(const MilvusTable *table, AttrNumber key_column);

/* From what milvusPlanForeignModify() made: the columns that an UPDATE sets, NULL when it may be any. */
extern Bitmapset *modify_changed_columns(List *fdw_private);

#endif							/* MILVUS_PLAN_MODIFY_H */
