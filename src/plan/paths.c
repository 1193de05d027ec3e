/*
 * paths.c
 *		The ways to read a foreign table: all rows that pass, a search, and
 *		either of them once for each row of another table.
 *
 * LIMIT is never taken over: it tells a scan how much to ask for, and the
 * Limit node stays.  So whatever stands between, the answer is PostgreSQL's.
 */
#include "postgres.h"

#include "catalog/pg_opfamily_d.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"

#include "compat.h"
#include "relation.h"

/* what a path costs that fetches so many rows */
typedef struct PathCost
{
	Cost		startup;
	Cost		bare_row;		/* of a row without its vectors */
	Cost		full_row;
} PathCost;

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

static PathCost
estimate_cost(RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	PathCost	cost;

	cost.startup = REQUEST_COST + rel->reltarget->cost.startup;
	cost.bare_row = ROW_COST + cpu_tuple_cost + BYTE_COST * rel->reltarget->width +
		cpu_operator_cost * list_length(relation->local_conds);
	cost.full_row = cost.bare_row + BYTE_COST * vector_bytes(rel, relation->table);
	return cost;
}

static void
add_foreign_path(PlannerInfo *root, RelOptInfo *rel, PathKind kind, double rows,
				 Cost startup, Cost run, List *pathkeys, Relids required_outer)
{
	add_path(rel, (Path *) compat_create_foreignscan_path(root, rel, rows, startup, startup + run,
														  pathkeys, required_outer,
														  list_make1(makeInteger(kind))));
}

/* Rows that the conditions on the table alone let through at the server. */
static double
fetched_rows(PlannerInfo *root, RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;

	return clamp_row_est(relation->table_rows *
						 clauselist_selectivity(root, relation->remote_conds, rel->relid, JOIN_INNER, NULL));
}

/*
 * Pages come in the order of the primary key: numbers by value, texts by their
 * bytes.  The pathkeys of that, where the query can use them.
 */
static List *
key_order(PlannerInfo *root, RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	AttrNumber	attnum = table_find_column(relation->table, relation->table->collection->primary_key);
	PathKey    *pathkey;
	Node	   *expr;

	if (root->query_pathkeys == NIL || attnum == 0)
		return NIL;
	pathkey = linitial(root->query_pathkeys);
	if (pathkey->pk_eclass->ec_has_volatile || !compat_pathkey_ascends(pathkey))
		return NIL;
	expr = strip_implicit_coercions((Node *) compat_eclass_expr(pathkey->pk_eclass, rel->relids));
	if (expr == NULL || !IsA(expr, Var) || ((Var *) expr)->varattno != attnum)
		return NIL;
	if (pathkey->pk_opfamily == INTEGER_BTREE_FAM_OID ||
		(pathkey->pk_opfamily == TEXT_BTREE_FAM_OID &&
		 filter_orders_by_bytes(pathkey->pk_eclass->ec_collation)))
		return list_make1(pathkey);
	return NIL;
}

/* May this condition on the table and others be sent, with the others' values as parameters? */
static bool
is_sent_join_condition(RelOptInfo *rel, RestrictInfo *rinfo)
{
	PlanRelation *relation = rel->fdw_private;
	List	   *values = NIL;
	const char *reason;

	return join_clause_is_movable_to(rinfo, rel) &&
		filter_compile(relation->table, rel->relid, rinfo->clause, &values, &reason) != NIL;
}

/* which of the relation's expressions in equivalence classes is looked at, and which were */
typedef struct MemberSearch
{
	Expr	   *current;
	List	   *tried;
} MemberSearch;

static bool
is_wanted_member(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *eclass,
				 EquivalenceMember *member, void *arg)
{
	MemberSearch *search = arg;

	if (search->current)
		return equal(member->em_expr, search->current);
	if (list_member(search->tried, member->em_expr))
		return false;
	search->current = member->em_expr;
	return true;
}

/* Conditions that join the table's columns to others and may be sent: RestrictInfos. */
static List *
find_join_conditions(PlannerInfo *root, RelOptInfo *rel)
{
	MemberSearch search = {NULL, NIL};
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, rel->joininfo)
	{
		if (is_sent_join_condition(rel, lfirst(lc)))
			result = lappend(result, lfirst(lc));
	}
	while (rel->has_eclass_joins)
	{
		List	   *clauses;

		search.current = NULL;
		clauses = generate_implied_equalities_for_column(root, rel, is_wanted_member, &search,
														 rel->lateral_referencers);
		foreach(lc, clauses)
		{
			if (is_sent_join_condition(rel, lfirst(lc)))
				result = lappend(result, lfirst(lc));
		}
		if (search.current == NULL)
			break;
		search.tried = lappend(search.tried, search.current);
	}
	return result;
}

/* A request for each row of other tables, with their values in the filter. */
static void
add_parameterized_paths(PlannerInfo *root, RelOptInfo *rel, const PathCost *cost)
{
	PlanRelation *relation = rel->fdw_private;
	List	   *ppis = NIL;
	ListCell   *lc;

	foreach(lc, find_join_conditions(root, rel))
	{
		RestrictInfo *rinfo = lfirst(lc);
		Relids		outer = bms_union(rinfo->clause_relids, rel->lateral_relids);
		ParamPathInfo *ppi;

		outer = bms_del_member(outer, rel->relid);
		if (bms_is_empty(outer))
			continue;
		ppi = get_baserel_parampathinfo(root, rel, outer);
		if (ppi)
			ppis = list_append_unique_ptr(ppis, ppi);
	}
	foreach(lc, ppis)
	{
		ParamPathInfo *ppi = lfirst(lc);
		double		fetched = ppi->ppi_rows;

		if (relation->local_conds != NIL)
			fetched /= Max(clauselist_selectivity(root, relation->local_conds, rel->relid, JOIN_INNER, NULL), 0.0001);
		add_foreign_path(root, rel, PATH_PAGES, ppi->ppi_rows, cost->startup,
						 clamp_row_est(fetched) * cost->full_row, NIL, ppi->ppi_req_outer);
	}
}

static bool
is_only_in_milvus(const SearchClause *search)
{
	return search && distance_is_only_in_milvus(search->kind);
}

void
milvusGetForeignPaths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	PlanRelation *relation = rel->fdw_private;
	PathCost	cost = estimate_cost(rel);
	double		fetched = fetched_rows(root, rel);
	List	   *pathkeys;

	pathkeys = search_find_order(root, rel);
	search_find_range(rel);
	words_check(root, rel);
	if (is_only_in_milvus(relation->search) || is_only_in_milvus(relation->range))
	{
		/* there is no other way */
		add_foreign_path(root, rel, relation->search ? PATH_SEARCH : PATH_RANGE, rel->rows, cost.startup,
						 fetched * cost.bare_row, pathkeys, rel->lateral_relids);
		return;
	}
	add_foreign_path(root, rel, PATH_PAGES, rel->rows, cost.startup, fetched * cost.full_row + LAST_PAGE_COST,
					 key_order(root, rel), rel->lateral_relids);
	/* it brings the vectors only where they are wanted */
	if (pathkeys)
		add_foreign_path(root, rel, PATH_SEARCH, rel->rows, cost.startup,
						 SEARCH_FACTOR * fetched *
						 (search_delivers_distance(root, rel, relation->search) ? cost.bare_row : cost.full_row),
						 pathkeys, rel->lateral_relids);
	if (relation->range)
		add_foreign_path(root, rel, PATH_RANGE, rel->rows, cost.startup, rel->rows * cost.full_row,
						 NIL, rel->lateral_relids);
	add_parameterized_paths(root, rel, &cost);
}
