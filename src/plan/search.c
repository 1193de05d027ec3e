/*
 * search.c
 *		Which ORDER BY is a vector search.
 *
 * What a search may promise: on an exact index the true order; on an
 * approximate one a nearer row may come late, which whoever orders by a
 * distance under a LIMIT has asked for, and nobody else.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "relation.h"

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

/* The expression of a sort key on this relation alone, or NULL. */
static Expr *
sort_expression(PathKey *pathkey, RelOptInfo *rel)
{
	ListCell   *lc;

	if (pathkey->pk_eclass->ec_has_volatile)
		return NULL;
	foreach(lc, pathkey->pk_eclass->ec_members)
	{
		EquivalenceMember *member = lfirst(lc);

		if (bms_equal(member->em_relids, rel->relids))
			return member->em_expr;
	}
	return NULL;
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
	search = palloc(sizeof(SearchClause));
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

List *
search_find(PlannerInfo *root, RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	PathKey    *pathkey;
	SearchClause *search;
	const CollectionField *field;

	if (root->query_pathkeys == NIL)
		return NIL;
	pathkey = linitial(root->query_pathkeys);
	search = match_distance(sort_expression(pathkey, rel), rel, relation->table);
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
	relation->search = search;
	return list_make1(pathkey);
}
