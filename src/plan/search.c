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
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "relation.h"
#include "server/setting.h"
#include "value/vector.h"

static bool
has_limit(const Query *parse)
{
	return parse->limitCount != NULL &&
		!(IsA(parse->limitCount, Const) && ((Const *) parse->limitCount)->constisnull);
}

/* Is there a LIMIT, and nothing below it that makes other rows of those of the scan? */
static bool
limits_rows(PlannerInfo *root)
{
	Query	   *parse = root->parse;

	return has_limit(parse) &&
		!(parse->groupClause || parse->groupingSets || parse->distinctClause || parse->hasAggs ||
		  parse->hasTargetSRFs || root->hasHavingQual);
}

bool
search_has_plain_limit(PlannerInfo *root)
{
	return limits_rows(root) && !root->parse->hasWindowFuncs;
}

/* Is there a window function that looks at rows further on? */
static bool
looks_ahead(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, WindowFunc))
	{
		Oid			function = ((WindowFunc *) node)->winfnoid;

		if (function != F_ROW_NUMBER && function != F_RANK_ && function != F_DENSE_RANK_)
			return true;
	}
	return expression_tree_walker(node, looks_ahead, context);
}

/*
 * The ranks of the first rows under a LIMIT need only these rows: one window, not
 * divided, whose order is that of the LIMIT.
 */
bool
search_has_window_limit(PlannerInfo *root)
{
	Query	   *parse = root->parse;

	return parse->hasWindowFuncs && limits_rows(root) &&
		list_length(parse->windowClause) == 1 &&
		((WindowClause *) linitial(parse->windowClause))->partitionClause == NIL &&
		pathkeys_contained_in(root->sort_pathkeys, root->window_pathkeys) &&
		!looks_ahead((Node *) root->processed_tlist, NULL);
}

static const CollectionField *
searched_field(const MilvusTable *table, const SearchClause *search)
{
	return table_searched_field(table, table->columns[search->attnum - 1].field, search->kind == DISTANCE_BM25);
}

/* Why a search does not bring the rows in the very order of their distances, or NULL. */
static const char *
find_inexactness(const MilvusTable *table, const SearchClause *search)
{
	const CollectionField *field = searched_field(table, search);

	if (!collection_search_exact(field))
		return "an approximate index";
	/* by other metrics it is known by how much a rounded query may be off */
	if (search->kind == DISTANCE_IP && vector_may_round(table->columns[search->attnum - 1].typeid, field->data_type))
		return "a field that rounds the query of an inner product";
	return NULL;
}

/* Why a search can't answer it, or NULL. */
static const char *
find_obstacle(const MilvusTable *table, const SearchClause *search)
{
	const CollectionField *field = searched_field(table, search);
	const char *metric = distance_metric(search->kind);

	if (!milvus_type_is_vector(field->data_type) ||
		(search->kind == DISTANCE_BM25 && table->columns[search->attnum - 1].field->bm25 == 0))
		return search->kind == DISTANCE_BM25 ? "no BM25 function of the collection has the field as its input" : "the field is not a vector";
	if (search->kind == DISTANCE_BM25)
	{
		if (field->metric_type && strcmp(field->metric_type, metric) == 0)
			return NULL;
		return psprintf("the field \"%s\", which the BM25 function makes of it, has no index with metric BM25", field->name);
	}
	if (!milvus_enable_search)
		return "milvus_fdw.enable_search is off";
	if (field->index_type == NULL)
	{
		/*
		 * sparse vectors have no other metric (of Milvus; without an index no
		 * one says so)
		 */
		if (field->data_type == MILVUS_SPARSE_VECTOR && search->kind != DISTANCE_IP)
			return psprintf("sparse vectors have no metric %s", metric);
		return table->connection->dialect->search_without_index ? NULL : "the field has no index";
	}
	if (field->metric_type == NULL || strcmp(field->metric_type, metric) != 0)
		return psprintf("the operator needs metric %s, the index has %s", metric,
						field->metric_type ? field->metric_type : "none");
	return NULL;
}

/* One may be written as an operator, the other as its function. */
static bool
is_same_distance(const SearchClause *one, const SearchClause *other)
{
	return one->attnum == other->attnum && one->function == other->function && equal(one->query, other->query);
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
		Expr	   *bound = ranking_match_bound(clause, rel, table, &bounded);

		if (bound == NULL || search->kind == DISTANCE_IP || search->kind == DISTANCE_FUSED || !is_same_distance(bounded, search) ||
			(search->kind == DISTANCE_BM25 && !bounded->bound_is_exact))
			continue;
		search->bound = bound;
		search->bound_clause = clause;
		search->bound_is_open = bounded->bound_is_open;
		search->bound_is_turned = bounded->bound_is_turned;
		return;
	}
}

/* Why several searches can't be fused, or NULL. */
static const char *
find_fusion_obstacle(const PlanRelation *relation, const SearchClause *search)
{
	ListCell   *lc;

	foreach(lc, search->legs)
	{
		const SearchClause *leg = lfirst(lc);
		const char *obstacle = leg->kind == DISTANCE_NONE ? NULL : find_obstacle(relation->table, leg);

		if (obstacle)
			return psprintf("of rank %d, %s", foreach_current_index(lc) + 1, obstacle);
	}
	/* else the candidates would be others */
	if (relation->local_conds != NIL)
		return psprintf("not every condition can be sent: %s", strVal(linitial(relation->local_reasons)));
	return NULL;
}

/* Why this order, of a distance, is no search; NULL if it is one. */
static const char *
find_order_obstacle(PlannerInfo *root, const PlanRelation *relation, const PathKey *pathkey, const Ranking *ranking)
{
	bool		only_in_milvus = distance_is_only_in_milvus(ranking->search->kind);
	bool		is_fusion = ranking->search->kind == DISTANCE_FUSED;
	const CollectionField *field = is_fusion ? NULL : searched_field(relation->table, ranking->search);
	const char *obstacle = is_fusion ? find_fusion_obstacle(relation, ranking->search) :
		find_obstacle(relation->table, ranking->search);
	const char *inexactness;

	if (obstacle)
		return obstacle;
	if (compat_pathkey_ascends(pathkey) == ranking->falls)
		return "the nearest don't come first";
	/* where nobody else can tell the order, all rows may be asked for */
	if (only_in_milvus)
		return NULL;
	if (pathkey->pk_nulls_first && field->nullable)
		return "rows without a vector come first: write NULLS LAST";
	if (root->parse->hasWindowFuncs && !search_has_window_limit(root))
		return "ranks are searched for in one window alone, without PARTITION BY, in the order of a LIMIT";
	if (!root->parse->hasWindowFuncs && !search_has_plain_limit(root))
		return "there is no LIMIT on the rows as they come";
	inexactness = find_inexactness(relation->table, ranking->search);
	if (list_length(root->query_pathkeys) > 1 && inexactness)
		return psprintf("%s does not keep the order that a second sort key needs", inexactness);
	return NULL;
}

/* Does something order, or rank, by a distance of the relation's vectors in a way that is none of those above? */
static bool
orders_by_distance(PlannerInfo *root, Index relid)
{
	Query	   *parse = root->parse;
	List	   *clauses = list_copy(parse->sortClause);
	ListCell   *lc;

	foreach(lc, parse->windowClause)
	{
		clauses = list_concat(clauses, ((WindowClause *) lfirst(lc))->orderClause);
	}
	foreach(lc, clauses)
	{
		TargetEntry *entry = get_sortgroupclause_tle(lfirst(lc), root->processed_tlist);

		if (ranking_occurs((Node *) entry->expr, relid))
			return true;
	}
	return false;
}

List *
search_find_order(PlannerInfo *root, RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	PathKey    *pathkey = root->query_pathkeys == NIL ? NULL : linitial(root->query_pathkeys);
	Expr	   *expr = pathkey && !pathkey->pk_eclass->ec_has_volatile ?
		compat_eclass_expr(pathkey->pk_eclass, rel->relids) : NULL;
	Ranking		ranking;

	if (expr && ranking_match(expr, rel, relation->table, &ranking))
	{
		relation->search_reason = find_order_obstacle(root, relation, pathkey, &ranking);
		if (relation->search_reason == NULL)
		{
			find_bound(rel, relation->table, ranking.search);
			relation->search = ranking.search;
			return list_make1(pathkey);
		}
	}
	else if (orders_by_distance(root, rel->top_parent_relids ? bms_singleton_member(rel->top_parent_relids) : rel->relid))
		relation->search_reason = "the order is not that of one distance from one value that is known before";
	return NIL;
}

/* The first condition that bounds a distance, of words or not, in a way that a search finds all. */
static SearchClause *
find_range(RelOptInfo *rel, bool by_words)
{
	PlanRelation *relation = rel->fdw_private;
	ListCell   *lc;

	foreach(lc, relation->local_conds)
	{
		Expr	   *clause = ((RestrictInfo *) lfirst(lc))->clause;
		SearchClause *search;
		Expr	   *bound = ranking_match_bound(clause, rel, relation->table, &search);
		const char *obstacle;

		/* the error of an inner product is not bounded by its value */
		if (bound == NULL || (search->kind == DISTANCE_BM25) != by_words || search->kind == DISTANCE_IP)
			continue;
		obstacle = find_obstacle(relation->table, search);
		if (obstacle && by_words && relation->search_reason == NULL)
			relation->search_reason = obstacle;
		if (obstacle)
			continue;

		/*
		 * a filter is exact: only an exact search finds all rows within a
		 * distance
		 */
		if (by_words ? !search->bound_is_exact : find_inexactness(relation->table, search) != NULL)
			continue;
		search->bound = bound;
		search->bound_clause = clause;
		return search;
	}
	return NULL;
}

void
search_find_range(RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;

	/* that of words has no other way to be answered */
	relation->range = find_range(rel, true);
	if (relation->range == NULL)
		relation->range = find_range(rel, false);
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
	{
		Expr	   *clause = ((RestrictInfo *) lfirst(lc))->clause;

		if (contains_expression((Node *) clause, search->distance) && !search_enforces(search, clause))
			return false;
	}
	return true;
}

bool
search_enforces(const SearchClause *search, const Expr *clause)
{
	return search && search->kind == DISTANCE_BM25 && search->bound_clause && equal(clause, search->bound_clause);
}
