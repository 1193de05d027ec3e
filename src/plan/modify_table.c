/*
 * modify_table.c
 *		The planner's callbacks of INSERT, UPDATE and DELETE.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/inherit.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "modify_table.h"
#include "relation.h"
#include "row_address.h"

/*
 * Row identity columns of the same name are shared between partitions, so the
 * name encodes attnum, type and typmod.
 */
char *
modify_key_name(const MilvusTable *table, AttrNumber key_column)
{
	const TableColumn *column = &table->columns[key_column - 1];

	return psprintf("milvus_key_%d_%u_%d", key_column, column->typeid, column->typmod);
}

void
milvusAddForeignUpdateTargets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte, Relation target_relation)
{
	Oid			user = compat_target_user(root, target_rte);
	MilvusTable *table;
	AttrNumber	key_column;
	const TableColumn *column;

	relation_check_rights(root, rtindex, user);
	table = table_open_remote(target_relation, user, DESCRIPTION_CACHED);
	key_column = table_find_column(table, table->collection->primary_key);
	/* begin_change() raises the error at execution */
	if (key_column == 0)
		return;
	column = &table->columns[key_column - 1];
	add_row_identity_var(root,
						 makeVar(rtindex, key_column, column->typeid, column->typmod,
								 TupleDescAttr(RelationGetDescr(target_relation), key_column - 1)->attcollation, 0),
						 rtindex, modify_key_name(table, key_column));
	/* for DELETE, core requests only the columns that triggers need */
	if (root->parse->commandType == CMD_DELETE && root->parse->returningList != NIL)
		add_row_identity_var(root, makeVar(rtindex, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0),
							 rtindex, "wholerow");
}

/* A List of attribute numbers that the UPDATE sets. */
static List *
list_changed_columns(PlannerInfo *root, Index resultRelation)
{
	Bitmapset  *updated = get_rel_all_updated_cols(root, find_base_rel(root, resultRelation));
	List	   *result = NIL;
	int			member = -1;

	while ((member = bms_next_member(updated, member)) >= 0)
		result = lappend_int(result, member + FirstLowInvalidHeapAttributeNumber);
	return result;
}

/*
 * What the statement says itself of the rows that it changes must be there: the row
 * that the planner asks for need not have the columns without a field.
 */
static void
require_columns(PlannerInfo *root, ModifyTable *plan, Index resultRelation, int subplan_index)
{
	const PlanRelation *relation = find_base_rel(root, resultRelation)->fdw_private;
	List	   *vars = list_make1(root->parse->jointree->quals);
	ListCell   *lc;

	/* no row can pass, nothing was asked */
	if (relation == NULL)
		return;
	foreach(lc, root->parse->targetList)
	{
		if (!((TargetEntry *) lfirst(lc))->resjunk)
			vars = lappend(vars, lfirst(lc));
	}
	if (plan->returningLists != NIL)
		vars = lappend(vars, list_nth(plan->returningLists, subplan_index));
	foreach(lc, pull_var_clause((Node *) vars, PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS))
	{
		const Var  *var = lfirst(lc);

		if (var->varlevelsup != 0)
			continue;
		if ((Index) var->varno == resultRelation && var->varattno > 0)
			table_require_column(relation->table, var->varattno);
		else if ((Index) var->varno == resultRelation || ((int) var->varno == root->parse->resultRelation && var->varattno == 0))
			for (AttrNumber attnum = 1; attnum <= relation->table->ncolumns; attnum++)
				table_require_column(relation->table, attnum);
	}
}

/*
 * For an UPDATE: an Integer that is true when any column may change, because a
 * trigger may change it, and the columns that are set.
 */
List *
milvusPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index resultRelation, int subplan_index)
{
	Relation	relation;
	bool		has_trigger;

	row_address_refuse(root, resultRelation);
	if (plan->operation == CMD_INSERT && plan->onConflictAction == ONCONFLICT_UPDATE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("ON CONFLICT DO UPDATE is not supported by milvus_fdw"),
				 errhint("With the table option insert_mode 'upsert' a row replaces the one with the same key.")));
	if (plan->operation != CMD_INSERT)
		require_columns(root, plan, resultRelation, subplan_index);
	if (plan->operation != CMD_UPDATE)
		return NIL;
	relation = RelationIdGetRelation(planner_rt_fetch(resultRelation, root)->relid);
	has_trigger = relation->trigdesc && relation->trigdesc->trig_update_before_row;
	RelationClose(relation);
	return list_make2(makeInteger(has_trigger), list_changed_columns(root, resultRelation));
}

Bitmapset *
modify_changed_columns(List *fdw_private)
{
	Bitmapset  *result = NULL;
	ListCell   *lc;

	if (intVal(linitial(fdw_private)) != 0)
		return NULL;
	foreach(lc, lsecond(fdw_private))
	{
		result = bms_add_member(result, lfirst_int(lc));
	}
	return result;
}

/* The scan that feeds a target, if nothing stands between. */
static ForeignScan *
find_scan(ModifyTable *plan, Index resultRelation, int subplan_index)
{
	Plan	   *subplan = outerPlan(plan);

	if (IsA(subplan, Append))
	{
		List	   *plans = ((Append *) subplan)->appendplans;

		if (subplan_index >= list_length(plans))
			return NULL;
		subplan = list_nth(plans, subplan_index);
	}
	if (!IsA(subplan, ForeignScan) || ((ForeignScan *) subplan)->scan.scanrelid != resultRelation)
		return NULL;
	return (ForeignScan *) subplan;
}

/* Does a tree compare the key with values, and is there nothing else in it? */
static bool
names_keys(List *tree, AttrNumber key, bool *only_key)
{
	FilterNode	node = intVal(linitial(tree));
	bool		found = false;
	ListCell   *lc;

	if (node == FILTER_AND || node == FILTER_OR)
	{
		for_each_from(lc, tree, 1)
		{
			found |= names_keys(lfirst(lc), key, only_key);
		}
		return found;
	}
	if (intVal(lsecond(tree)) != key)
		*only_key = false;
	return (node == FILTER_IN && intVal(lthird(tree)) == 0) ||
		(node == FILTER_COMPARE && intVal(lthird(tree)) == FILTER_EQ);
}

/*
 * Rows named by their keys alone: servers delete such at once, but count the keys
 * and not the rows (proxy, task_delete.go).  What of a filter comes to a list of
 * keys is up to their parsers.  So the rows are looked up.
 */
static bool
is_key_lookup(const PlanRelation *relation)
{
	AttrNumber	key = table_find_column(relation->table, relation->table->collection->primary_key);
	bool		found = false,
				only_key = true;
	ListCell   *lc;

	foreach(lc, relation->filters)
	{
		found |= names_keys(lfirst(lc), key, &only_key);
	}
	return found && only_key;
}

/* Does the statement read anything but the rows it deletes?  It must not see its own work. */
static bool
reads_elsewhere(PlannerInfo *root, ModifyTable *plan)
{
	return root->parent_root != NULL || root->glob->subplans != NIL || root->parse->cteList != NIL ||
		(bms_membership(root->all_baserels) != BMS_SINGLETON && !IsA(outerPlan(plan), Append)) ||
		list_length(root->parse->jointree->fromlist) != 1;
}

/* A DELETE can be one request when the filter says all, and nobody wants to see the rows. */
bool
milvusPlanDirectModify(PlannerInfo *root, ModifyTable *plan, Index resultRelation, int subplan_index)
{
	ForeignScan *scan;
	PlanRelation *relation;
	const MilvusTable *table;
	ScanPlan	scanned;

	if (plan->operation != CMD_DELETE || !plan->canSetTag || plan->returningLists != NIL ||
		reads_elsewhere(root, plan))
		return false;
	scan = find_scan(plan, resultRelation, subplan_index);
	if (scan == NULL || scan->scan.plan.qual != NIL)
		return false;
	scan_plan_read(scan->fdw_private, &scanned);
	if (scanned.kind != PATH_PAGES)
		return false;
	relation = find_base_rel(root, resultRelation)->fdw_private;
	table = relation->table;
	if (!table->connection->dialect->delete_by_filter ||
		(table->options.partition && !table->connection->dialect->delete_in_partition) ||
		!table->options.updatable || !table->options.unique_keys || table->options.write_at_commit ||
		!filter_can_name(table, table->collection->primary_key) ||
		!filter_is_always_written(table, relation->filters, relation->values) ||
		is_key_lookup(relation))
		return false;
	scan->operation = CMD_DELETE;
	scan->resultRelation = resultRelation;
	return true;
}
