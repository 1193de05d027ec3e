/*
 * search.c
 *		Which ORDER BY is a vector search.
 *
 * What a search may promise: on an exact index the true order; on an
 * approximate one a nearer row may come late, which whoever orders by a
 * distance under a LIMIT has asked for, and nobody else.
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "relation.h"
#include "server/setting.h"

/* built-in operators that PostgreSQL's headers give no name */
#define OID_FLOAT8_LE 673
#define OID_FLOAT8_GT 674
#define OID_FLOAT8_GE 675

bool
search_has_plain_limit(PlannerInfo *root)
{
	Query	   *parse = root->parse;

	if (parse->limitCount == NULL)
		return false;
	if (IsA(parse->limitCount, Const) && ((Const *) parse->limitCount)->constisnull)
		return false;
	return !(parse->groupClause || parse->groupingSets || parse->distinctClause || parse->hasAggs ||
			 parse->hasWindowFuncs || parse->hasTargetSRFs || root->hasHavingQual);
}

/* column <op> query, either way round */
static SearchClause *
match_distance(Expr *expr, RelOptInfo *rel, const MilvusTable *table)
{
	OpExpr	   *op = (OpExpr *) expr;
	SearchClause *search;
	Node	   *left,
			   *right;

	if (expr == NULL || !IsA(expr, OpExpr) || list_length(op->args) != 2 ||
		distance_classify(op->opno) == DISTANCE_NONE)
		return NULL;
	left = linitial(op->args);
	right = lsecond(op->args);
	if (!IsA(left, Var) || ((Var *) left)->varno != rel->relid)
	{
		Node	   *swap = left;

		left = right;
		right = swap;
	}
	if (!IsA(left, Var) || ((Var *) left)->varno != rel->relid || ((Var *) left)->varattno <= 0 ||
		contain_var_clause(right) || contain_volatile_functions(right) || contain_subplans(right))
		return NULL;
	if (table->columns[((Var *) left)->varattno - 1].name == NULL)
		return NULL;
	search = palloc0(sizeof(SearchClause));
	search->attnum = ((Var *) left)->varattno;
	search->kind = distance_classify(op->opno);
	search->distance = expr;
	search->query = (Expr *) right;
	return search;
}

/* Why a search can't answer it, or NULL. */
static const char *
find_obstacle(const MilvusTable *table, const SearchClause *search)
{
	const CollectionField *field = table->columns[search->attnum - 1].field;
	const char *metric = distance_metric(search->kind);

	if (!milvus_type_is_vector(field->data_type))
		return "the field is not a vector";
	if (!milvus_enable_search)
		return "milvus_fdw.enable_search is off";
	if (field->index_type == NULL)
		return table->connection->dialect->search_without_index ? NULL : "the field has no index";
	if (field->metric_type == NULL || strcmp(field->metric_type, metric) != 0)
		return psprintf("the operator needs metric %s, the index has %s", metric,
						field->metric_type ? field->metric_type : "none");
	return NULL;
}

/*
 * The upper bound that a condition "distance < bound" sets for a distance; NULL
 * if it is none.
 */
static Expr *
match_bound(Expr *clause, RelOptInfo *rel, const MilvusTable *table, SearchClause **search)
{
	OpExpr	   *op = (OpExpr *) clause;
	Expr	   *bound;
	bool		commuted;

	if (!IsA(clause, OpExpr) || list_length(op->args) != 2)
		return NULL;
	switch (op->opno)
	{
		case Float8LessOperator:
		case OID_FLOAT8_LE:
			commuted = false;
			break;
		case OID_FLOAT8_GT:
		case OID_FLOAT8_GE:
			commuted = true;
			break;
		default:
			return NULL;
	}
	*search = match_distance(commuted ? lsecond(op->args) : linitial(op->args), rel, table);
	bound = commuted ? linitial(op->args) : lsecond(op->args);
	if (*search == NULL || contain_var_clause((Node *) bound) ||
		contain_volatile_functions((Node *) bound) || contain_subplans((Node *) bound))
		return NULL;
	return bound;
}

/* Does some condition bound this very distance?  The error of an inner product is not bounded by its value. */
static void
find_bound(RelOptInfo *rel, const MilvusTable *table, SearchClause *search)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		Expr	   *clause = ((RestrictInfo *) lfirst(lc))->clause;
		SearchClause *bounded;
		Expr	   *bound = match_bound(clause, rel, table, &bounded);

		if (bound == NULL || !equal(bounded->distance, search->distance) || search->kind == DISTANCE_IP)
			continue;
		search->bound = bound;
		search->bound_clause = clause;
		return;
	}
}

List *
search_find_order(PlannerInfo *root, RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	PathKey    *pathkey;
	SearchClause *search;
	const CollectionField *field;

	if (root->query_pathkeys == NIL)
		return NIL;
	pathkey = linitial(root->query_pathkeys);
	if (pathkey->pk_eclass->ec_has_volatile)
		return NIL;
	search = match_distance(compat_eclass_expr(pathkey->pk_eclass, rel->relids), rel, relation->table);
	if (search == NULL)
		return NIL;
	field = relation->table->columns[search->attnum - 1].field;
	relation->search_reason = find_obstacle(relation->table, search);
	if (relation->search_reason)
		return NIL;
	if (!compat_pathkey_ascends(pathkey) || pathkey->pk_nulls_first)
		relation->search_reason = "the nearest don't come first";
	else if (!search_has_plain_limit(root))
		relation->search_reason = "there is no LIMIT on the rows as they come";
	else if (list_length(root->query_pathkeys) > 1 && !collection_search_exact(field))
		relation->search_reason = "an approximate index does not keep the order that a second sort key needs";
	if (relation->search_reason)
		return NIL;
	find_bound(rel, relation->table, search);
	relation->search = search;
	return list_make1(pathkey);
}

void
search_find_range(RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	ListCell   *lc;

	foreach(lc, relation->local_conds)
	{
		SearchClause *search;
		Expr	   *bound = match_bound(((RestrictInfo *) lfirst(lc))->clause, rel, relation->table, &search);

		/* a filter is exact: only an exact index finds all rows within a distance */
		if (bound == NULL || find_obstacle(relation->table, search) ||
			!collection_search_exact(relation->table->columns[search->attnum - 1].field))
			continue;
		/* the error of an inner product is not bounded by its value */
		if (search->kind == DISTANCE_IP)
			continue;
		search->bound = bound;
		search->bound_clause = ((RestrictInfo *) lfirst(lc))->clause;
		relation->range = search;
		return;
	}
}

static bool
contains_expression(Node *node, void *wanted)
{
	if (node == NULL)
		return false;
	if (equal(node, wanted))
		return true;
	return expression_tree_walker(node, contains_expression, wanted);
}

bool
search_delivers_distance(PlannerInfo *root, RelOptInfo *rel, const SearchClause *search)
{
	PlanRelation *relation = rel->fdw_private;
	ListCell   *lc;

	if (root->parse->commandType != CMD_SELECT || root->rowMarks != NIL ||
		rel->reloptkind != RELOPT_BASEREL || bms_membership(root->all_baserels) != BMS_SINGLETON)
		return false;
	foreach(lc, relation->local_conds)
		if (contains_expression((Node *) ((RestrictInfo *) lfirst(lc))->clause, search->distance))
			return false;
	return true;
}
