/*
 * plan.c
 *		The plan of a scan: what it fetches, and what it carries to the executor.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "filter/words.h"
#include "relation.h"

/* of a constant in a condition that EXPLAIN names */
#define MAX_SHOWN_BYTES 1024

/* collects what a scan must fetch */
typedef struct Needs
{
	Index		relid;
	Expr	   *distance;		/* taken from the score, not looked into; or
								 * NULL */
	Bitmapset  *attnums;		/* offset by
								 * FirstLowInvalidHeapAttributeNumber */
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

/* Is a column of the result one that the windows are ordered, or divided, by? */
static bool
is_window_key(const Query *parse, Index sortgroupref)
{
	ListCell   *lc,
			   *key;

	foreach(lc, parse->windowClause)
	{
		WindowClause *window = lfirst(lc);

		foreach(key, list_concat_copy(window->partitionClause, window->orderClause))
		{
			if (((SortGroupClause *) lfirst(key))->tleSortGroupRef == sortgroupref)
				return true;
		}
	}
	return false;
}

/* as make_sort_input_target() has it */
static bool
is_expensive(PlannerInfo *root, Node *expr)
{
	QualCost	cost;

	cost_qual_eval_node(&cost, expr, root);
	return cost.per_tuple > 10 * cpu_operator_cost;
}

/*
 * Columns of the result that the planner computes above a sort, windows or groups: the
 * scan is asked for all they are made of, even if it has the distance in them (planner.c,
 * make_sort_input_target(), make_window_input_target(), make_group_input_target()).
 */
static void
collect_late_columns(PlannerInfo *root, Needs *needs)
{
	Query	   *parse = root->parse;
	bool		is_grouped = parse->hasAggs || parse->groupClause || parse->groupingSets || parse->havingQual;
	Needs		all = {needs->relid, NULL, needs->attnums};
	ListCell   *lc;

	foreach(lc, root->processed_tlist)
	{
		TargetEntry *entry = lfirst(lc);
		Node	   *expr = (Node *) entry->expr;
		bool		is_late;

		if (is_grouped)
			is_late = entry->ressortgroupref == 0 || get_sortgroupref_clause_noerr(entry->ressortgroupref, parse->groupClause) == NULL;
		else if (parse->hasWindowFuncs)
			is_late = !is_window_key(parse, entry->ressortgroupref);
		else
			is_late = entry->ressortgroupref == 0 && (contain_volatile_functions(expr) || is_expensive(root, expr));
		if (is_late || expression_returns_set(expr))
			collect_needs(expr, &all);
	}
	collect_needs(parse->havingQual, &all);
	needs->attnums = all.attnums;
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

/*
 * All attribute numbers needed; a whole row needs all.  That of a row to change is
 * the planner's own: it may lack columns that have no field.
 */
static List *
needed_columns(PlannerInfo *root, const Needs *needs, const MilvusTable *table)
{
	bool		whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, needs->attnums);
	bool		is_target = bms_is_member(needs->relid, root->all_result_relids);
	List	   *result = NIL;

	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
	{
		bool		named = bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, needs->attnums);

		if (!whole_row && !named)
			continue;
		if (table->columns[attnum - 1].name)
			result = lappend_int(result, attnum);
		else if (named || !is_target)
			table_require_column(table, attnum);
	}
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

static int
add_expr(List **exprs, Expr *expr)
{
	*exprs = lappend(*exprs, expr);
	return list_length(*exprs) - 1;
}

/* LIMIT and OFFSET, where they apply to the rows as the scan delivers them. */
static void
add_limit(ScanPlan *plan, PlannerInfo *root, ForeignPath *path, List **exprs)
{
	Query	   *parse = root->parse;

	plan->limit = plan->offset = -1;
	/* it is evaluated here as well as by the Limit node */
	if (contain_volatile_functions(parse->limitCount) || contain_volatile_functions(parse->limitOffset))
		return;
	if (!(search_has_plain_limit(root) || search_has_window_limit(root)) || bms_membership(root->all_baserels) != BMS_SINGLETON ||
		(root->query_pathkeys != NIL && path->path.pathkeys == NIL))
		return;
	plan->limit = add_expr(exprs, copyObject((Expr *) parse->limitCount));
	plan->one_ahead = parse->hasWindowFuncs;
	if (parse->limitOffset)
		plan->offset = add_expr(exprs, copyObject((Expr *) parse->limitOffset));
}

/* The conditions of this plan, and what of them is sent. */
typedef struct Conditions
{
	List	   *remote;			/* expressions */
	List	   *local;
	List	   *filters;		/* trees of remote */
	List	   *values;
} Conditions;

/* A parameterized path has conditions beyond those of the relation: they join it to others. */
static void
divide_conditions(PlanRelation *relation, RelOptInfo *rel, List *clauses, const SearchClause *search, Conditions *conditions)
{
	ListCell   *lc;

	conditions->filters = list_copy(relation->filters);
	conditions->values = list_copy(relation->values);
	conditions->remote = extract_actual_clauses(relation->remote_conds, false);
	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst(lc);
		List	   *values;
		const char *reason;
		List	   *tree = NIL;

		/* pseudoconstants are a gating node's business */
		if (rinfo->pseudoconstant || list_member_ptr(relation->remote_conds, rinfo) || search_enforces(search, rinfo->clause))
			continue;
		if (!list_member_ptr(relation->local_conds, rinfo))
		{
			values = list_copy(conditions->values);
			tree = filter_compile(relation->table, rel->relid, rinfo->clause, &values, &reason);
		}
		if (tree == NIL || filter_clash(relation->table, conditions->filters, tree))
		{
			conditions->local = lappend(conditions->local, rinfo->clause);
			continue;
		}
		conditions->remote = lappend(conditions->remote, rinfo->clause);
		conditions->filters = lappend(conditions->filters, tree);
		conditions->values = values;
	}
}

/* What can be checked here again: not what is said of words. */
static List *
without_words(List *clauses, bool *has_words)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		if (words_occur(lfirst(lc), 0, false))
			*has_words = true;
		else
			result = lappend(result, lfirst(lc));
	}
	return result;
}

/* The plan of count(*): nothing of the table is fetched. */
static ForeignScan *
make_count_plan(RelOptInfo *rel, ForeignPath *path, List *tlist, Plan *outer_plan)
{
	PlanRelation *relation = rel->fdw_private;
	ScanPlan	plan = {
		.kind = PATH_COUNT,
		.relid = relation->table->relid,
		.relied_on = relation->table->collection->fingerprint,
		.filters = relation->filters,
		.limit = -1,
		.offset = -1,
		.search_reason = ""
	};
	List	   *scan_tlist = NIL;
	ListCell   *lc;

	foreach(lc, pull_var_clause((Node *) path->path.pathtarget->exprs, PVC_INCLUDE_AGGREGATES))
	{
		scan_tlist = lappend(scan_tlist, makeTargetEntry(lfirst(lc), list_length(scan_tlist) + 1, NULL, false));
	}
	return make_foreignscan(tlist, NIL, 0, relation->values, scan_plan_write(&plan), scan_tlist, NIL, outer_plan);
}

static void
add_fusion(FusionPlan *plan, const SearchClause *search, List **exprs)
{
	ListCell   *lc;

	plan->by_rank = search->by_rank;
	plan->parameter = add_expr(exprs, search->parameter);
	plan->candidates = add_expr(exprs, search->candidates);
	plan->leg_params = add_expr(exprs, search->leg_params);
	plan->legs = NIL;
	foreach(lc, search->legs)
	{
		const SearchClause *leg = lfirst(lc);

		plan->legs = lappend(plan->legs, list_make3_int(leg->attnum, leg->kind, leg->query ? add_expr(exprs, leg->query) : -1));
	}
}

/* What the search needs at execution. */
static void
add_search(ScanPlan *plan, const SearchClause *search, List **exprs)
{
	plan->has_search = true;
	plan->search.attnum = search->attnum;
	plan->search.kind = search->kind;
	plan->search.negated = search->negated;
	plan->search.function = search->function;
	plan->search.bound = -1;
	if (search->kind == DISTANCE_FUSED)
	{
		add_fusion(&plan->fusion, search, exprs);
		return;
	}
	plan->search.query = add_expr(exprs, search->query);
	plan->search.bound_is_open = search->bound_is_open;
	plan->search.bound_is_turned = search->bound_is_turned;
	if (search->bound)
		plan->search.bound = add_expr(exprs, search->bound);
}

/*
 * Do conditions checked here drop rows at any place?  The bound of a search
 * does so only behind all rows that pass.
 */
static bool
drops_rows(List *local, const SearchClause *search)
{
	ListCell   *lc;

	foreach(lc, local)
	{
		if (search == NULL || search->bound_clause == NULL || !equal(lfirst(lc), search->bound_clause))
			return true;
	}
	return false;
}

/* Is it too long to be shown: a list of a thousand values? */
static bool
has_long_constant(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Const))
		return !((Const *) node)->constisnull && ((Const *) node)->constlen == -1 &&
			VARSIZE_ANY(DatumGetPointer(((Const *) node)->constvalue)) > MAX_SHOWN_BYTES;
	return expression_tree_walker(node, has_long_constant, context);
}

/* As a condition on the one table that EXPLAIN's deparsing knows. */
static Node *
name_only_table(Node *node, void *context)
{
	if (node && IsA(node, Var))
	{
		const Var  *var = (Var *) node;

		return (Node *) makeVar(1, var->varattno, var->vartype, var->vartypmod, var->varcollid, 0);
	}
	if (node && IsA(node, PlaceHolderVar))
		return name_only_table((Node *) ((PlaceHolderVar *) node)->phexpr, context);
	return expression_tree_mutator(node, name_only_table, context);
}

/* A condition for EXPLAIN to show; a string where it cannot be written without the rest of the query. */
static Node *
shown_condition(Index relid, Expr *clause)
{
	int			only;

	if (!bms_get_singleton_member(pull_varnos(NULL, (Node *) clause), &only) || only != (int) relid ||
		contain_subplans((Node *) clause) || has_long_constant((Node *) clause, NULL))
		return (Node *) makeString(pstrdup(""));
	return name_only_table((Node *) clause, NULL);
}

/* For EXPLAIN: each condition that is checked here, and why. */
static List *
local_reasons(PlanRelation *relation, Index relid, const SearchClause *search)
{
	List	   *reasons = NIL;
	ListCell   *lc,
			   *reason;

	forboth(lc, relation->local_conds, reason, relation->local_reasons)
	{
		Expr	   *clause = ((RestrictInfo *) lfirst(lc))->clause;
		bool		is_bound = search && search->bound_clause && equal(clause, search->bound_clause);

		if (search_enforces(search, clause))
			continue;
		reasons = lappend(reasons, list_make2(shown_condition(relid, clause),
											  makeString(is_bound ? pstrdup("it bounds the search, whose scores are rounded") : strVal(lfirst(reason)))));
	}
	return reasons;
}

ForeignScan *
milvusGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *best_path,
					 List *tlist, List *scan_clauses, Plan *outer_plan)
{
	PlanRelation *relation = rel->fdw_private;
	PathKind	kind = intVal(linitial(best_path->fdw_private));
	SearchClause *search = kind == PATH_SEARCH ? relation->search :
		kind == PATH_RANGE ? relation->range : NULL;
	ScanPlan	plan = {.kind = kind};
	Conditions	conditions = {0};
	List	   *exprs,
			   *scan_tlist = NIL,
			   *columns;
	Needs		needs = {rel->relid, NULL, NULL},
				recheck_needs = {rel->relid, NULL, NULL};

	if (kind == PATH_COUNT)
		return make_count_plan(rel, best_path, tlist, outer_plan);
	divide_conditions(relation, rel, scan_clauses, search, &conditions);
	if ((kind == PATH_SEARCH || (search && words_occur((Node *) root->processed_tlist, rel->relid, true))) &&
		search_delivers_distance(root, rel, search))
	{
		needs.distance = search->distance;
		collect_needs((Node *) root->processed_tlist, &needs);
		collect_late_columns(root, &needs);
		/* asked for where a gating node copies what the scan has */
		collect_needs((Node *) tlist, &needs);
		collect_needs((Node *) conditions.local, &needs);
	}
	if (needs.distance == NULL || needs_system_or_row(&needs))
	{
		needs.distance = NULL;
		collect_needs((Node *) rel->reltarget->exprs, &needs);
		collect_needs((Node *) conditions.local, &needs);
	}
	conditions.remote = without_words(conditions.remote, &plan.has_words);
	collect_needs((Node *) conditions.remote, &recheck_needs);
	columns = needed_columns(root, &needs, relation->table);
	plan.recheck_columns = list_difference_int(needed_columns(root, &recheck_needs, relation->table), columns);

	exprs = conditions.values;
	if (search)
		add_search(&plan, search, &exprs);
	add_limit(&plan, root, best_path, &exprs);
	columns = list_concat_copy(columns, plan.recheck_columns);
	if (needs.distance)
	{
		scan_tlist = make_scan_tlist(root, rel, columns, search->distance);
		plan.columns = lappend_int(columns, 0);
	}
	else
		plan.columns = table_shaped_columns(columns, relation->table);

	plan.relid = relation->table->relid;
	plan.relied_on = relation->table->collection->fingerprint;
	plan.filters = conditions.filters;
	plan.drops_rows = drops_rows(conditions.local, search);
	plan.local_reasons = local_reasons(relation, rel->relid, search);
	plan.search_reason = search == NULL && relation->search_reason ? relation->search_reason : "";
	return make_foreignscan(tlist, conditions.local, rel->relid, exprs, scan_plan_write(&plan),
							scan_tlist, conditions.remote, outer_plan);
}
