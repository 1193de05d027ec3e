/*
 * relation.c
 *		Size, paths and plan of a foreign table.
 *
 * LIMIT is never taken over: it tells a scan how much to ask for, and the
 * Limit node stays.  So whatever stands between, the answer is PostgreSQL's.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "relation.h"

/* costs, in units of a sequential page: a request, a row, a byte that comes over */
#define REQUEST_COST 25.0
#define ROW_COST 0.01
#define BYTE_COST 0.0005

/* of a collection whose size the server does not tell */
#define DEFAULT_ROWS 1000

void
milvusGetForeignRelSize(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	PlanRelation *relation = palloc0(sizeof(PlanRelation));
	Relation	rd = table_open(relid, NoLock);
	ListCell   *lc;

	relation->table = table_open_remote(rd, compat_rel_user(root, rel), false);
	table_close(rd, NoLock);
	rel->fdw_private = relation;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst(lc);
		List	   *values = list_copy(relation->values);
		const char *reason = NULL;
		List	   *tree = NIL;

		if (!rinfo->pseudoconstant)
			tree = filter_compile(relation->table, rel->relid, rinfo->clause, &values, &reason);
		if (tree)
		{
			relation->remote_conds = lappend(relation->remote_conds, rinfo);
			relation->filters = lappend(relation->filters, tree);
			relation->values = values;
		}
		else
		{
			relation->local_conds = lappend(relation->local_conds, rinfo);
			relation->local_reasons = lappend(relation->local_reasons,
											  makeString(pstrdup(reason ? reason : "it does not depend on the row")));
		}
	}
	relation->table_rows = relation->table->collection->rows > 0 ?
		relation->table->collection->rows : DEFAULT_ROWS;
	rel->tuples = relation->table_rows;
	set_baserel_size_estimates(root, rel);
}

/*
 * May the scan deliver the distance as a column of its own?  Only where the
 * query level consists of this scan: elsewhere what is above computes it from
 * the vector.
 */
static bool
can_deliver_distance(PlannerInfo *root, RelOptInfo *rel)
{
	return root->parse->commandType == CMD_SELECT && root->rowMarks == NIL &&
		rel->reloptkind == RELOPT_BASEREL && bms_membership(root->all_baserels) == BMS_SINGLETON;
}

/* Bytes of the vectors among the columns wanted: PostgreSQL takes them for some 32 bytes each. */
static double
vector_bytes(RelOptInfo *rel, const MilvusTable *table)
{
	double		bytes = 0;
	ListCell   *lc;

	foreach(lc, rel->reltarget->exprs)
	{
		Var		   *var = lfirst(lc);
		const TableColumn *column;

		if (!IsA(var, Var) || var->varattno <= 0)
			continue;
		column = &table->columns[var->varattno - 1];
		if (column->name && milvus_type_is_vector(column->field->data_type))
			bytes += 4.0 * column->field->dim;
	}
	return bytes;
}

void
milvusGetForeignPaths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	PlanRelation *relation = rel->fdw_private;
	double		fetched = clamp_row_est(relation->table_rows *
										clauselist_selectivity(root, relation->remote_conds, rel->relid,
															   JOIN_INNER, NULL));
	Cost		bare_row = ROW_COST + cpu_tuple_cost + BYTE_COST * rel->reltarget->width +
		cpu_operator_cost * list_length(relation->local_conds);
	Cost		full_row = bare_row + BYTE_COST * vector_bytes(rel, relation->table);
	Cost		startup = REQUEST_COST + rel->reltarget->cost.startup;
	List	   *pathkeys;

	add_path(rel, (Path *) compat_create_foreignscan_path(root, rel, rel->rows, startup,
														  startup + fetched * full_row, NIL,
														  rel->lateral_relids, NIL));
	pathkeys = search_find(root, rel);
	/* read to its end a search is a scan and more; but it brings the vectors only where they are wanted */
	if (pathkeys)
		add_path(rel, (Path *) compat_create_foreignscan_path(root, rel, rel->rows, startup,
															  startup + fetched * (can_deliver_distance(root, rel) ? bare_row : full_row),
															  pathkeys, rel->lateral_relids,
															  list_make1(makeInteger(1))));
}

/* collects what a scan must fetch */
typedef struct Needs
{
	Index		relid;
	Expr	   *distance;		/* taken from the score, not looked into; or NULL */
	Bitmapset  *attnums;		/* offset by FirstLowInvalidHeapAttributeNumber */
} Needs;

static bool
collect_needs(Node *node, Needs *needs)
{
	if (node == NULL)
		return false;
	if (needs->distance && equal(node, needs->distance))
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (var->varno == needs->relid && var->varlevelsup == 0)
			needs->attnums = bms_add_member(needs->attnums,
											var->varattno - FirstLowInvalidHeapAttributeNumber);
		return false;
	}
	if (IsA(node, RestrictInfo))
		return collect_needs((Node *) ((RestrictInfo *) node)->clause, needs);
	return expression_tree_walker(node, collect_needs, needs);
}

static bool
needs_system_or_row(const Needs *needs)
{
	int			member = -1;

	while ((member = bms_next_member(needs->attnums, member)) >= 0)
		if (member + FirstLowInvalidHeapAttributeNumber <= 0)
			return true;
	return false;
}

/* All attribute numbers needed; a whole row needs all. */
static List *
needed_columns(const Needs *needs, const MilvusTable *table)
{
	bool		whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, needs->attnums);
	List	   *result = NIL;

	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
		if (table->columns[attnum - 1].name &&
			(whole_row || bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, needs->attnums)))
			result = lappend_int(result, attnum);
	return result;
}

/* The scan tuple with the distance in it: Vars of what is needed, then the distance. */
static List *
make_scan_tlist(PlannerInfo *root, RelOptInfo *rel, List *attnums, Expr *distance)
{
	RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
	List	   *tlist = NIL;
	ListCell   *lc;

	foreach(lc, attnums)
	{
		Oid			type,
					collation;
		int32		typmod;

		get_atttypetypmodcoll(rte->relid, lfirst_int(lc), &type, &typmod, &collation);
		tlist = lappend(tlist, makeTargetEntry((Expr *) makeVar(rel->relid, lfirst_int(lc), type, typmod, collation, 0),
											   list_length(tlist) + 1, NULL, false));
	}
	return lappend(tlist, makeTargetEntry(copyObject(distance), list_length(tlist) + 1, NULL, false));
}

/* By position of the scan tuple: the attribute number wanted there, -1 for none. */
static List *
table_shaped_columns(List *attnums, const MilvusTable *table)
{
	List	   *columns = NIL;

	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
		columns = lappend_int(columns, list_member_int(attnums, attnum) ? attnum : -1);
	return columns;
}

/* How many rows are wanted, where the LIMIT applies to this scan's rows as they come. */
static List *
limit_indexes(PlannerInfo *root, List **exprs, bool sorted)
{
	Query	   *parse = root->parse;
	int			limit = -1,
				offset = -1;

	if (search_has_plain_limit(root) && bms_membership(root->all_baserels) == BMS_SINGLETON &&
		(sorted || root->query_pathkeys == NIL))
	{
		*exprs = lappend(*exprs, copyObject(parse->limitCount));
		limit = list_length(*exprs) - 1;
		if (parse->limitOffset)
		{
			*exprs = lappend(*exprs, copyObject(parse->limitOffset));
			offset = list_length(*exprs) - 1;
		}
	}
	return list_make2_int(limit, offset);
}

ForeignScan *
milvusGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *best_path,
					 List *tlist, List *scan_clauses, Plan *outer_plan)
{
	PlanRelation *relation = rel->fdw_private;
	SearchClause *search = best_path->fdw_private ? relation->search : NULL;
	List	   *exprs = list_copy(relation->values);
	List	   *local_exprs = NIL,
			   *remote_exprs = extract_actual_clauses(relation->remote_conds, false);
	List	   *scan_tlist = NIL,
			   *columns,
			   *recheck_columns,
			   *search_list = NIL,
			   *limits,
			   *private;
	Needs		needs = {rel->relid, NULL, NULL},
				recheck_needs = {rel->relid, NULL, NULL};
	ListCell   *lc;

	foreach(lc, scan_clauses)
	{
		RestrictInfo *rinfo = lfirst(lc);

		/* pseudoconstants are a gating node's business */
		if (!rinfo->pseudoconstant && !list_member_ptr(relation->remote_conds, rinfo))
			local_exprs = lappend(local_exprs, rinfo->clause);
	}
	if (search && can_deliver_distance(root, rel))
	{
		needs.distance = search->distance;
		collect_needs((Node *) root->processed_tlist, &needs);
		collect_needs((Node *) local_exprs, &needs);
	}
	if (needs.distance == NULL || needs_system_or_row(&needs))
	{
		needs.distance = NULL;
		collect_needs((Node *) rel->reltarget->exprs, &needs);
		collect_needs((Node *) local_exprs, &needs);
	}
	collect_needs((Node *) remote_exprs, &recheck_needs);
	columns = needed_columns(&needs, relation->table);
	recheck_columns = list_difference_int(needed_columns(&recheck_needs, relation->table), columns);

	if (search)
	{
		exprs = lappend(exprs, search->query);
		search_list = list_make4_int(search->attnum, search->kind, list_length(exprs) - 1,
									 get_opcode(((OpExpr *) search->distance)->opno));
	}
	limits = limit_indexes(root, &exprs, search != NULL);
	columns = list_concat_copy(columns, recheck_columns);
	if (needs.distance)
	{
		scan_tlist = make_scan_tlist(root, rel, columns, search->distance);
		columns = lappend_int(columns, 0);
	}
	else
		columns = table_shaped_columns(columns, relation->table);

	private = list_make5(relation->filters, columns, recheck_columns, search_list, limits);
	private = lappend(private, makeInteger(local_exprs != NIL));
	private = lappend(private, relation->local_reasons);
	private = lappend(private, makeString(pstrdup(search == NULL && relation->search_reason ? relation->search_reason : "")));
	return make_foreignscan(tlist, local_exprs, rel->relid, exprs, private,
							scan_tlist, remote_exprs, outer_plan);
}
