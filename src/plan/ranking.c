/*
 * ranking.c
 *		Expressions that rank rows by how near a column is to a query vector.
 *
 * Must not know what a search can answer: that is search.c's.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "filter/words.h"
#include "ranking.h"

/* built-in operators that PostgreSQL's headers give no name */
#define OID_FLOAT8_PLUS 591
#define OID_FLOAT8_MINUS 592
#define OID_FLOAT8_DIVIDE 593

/* The function and both arguments of a call, be it written as an operator or not; InvalidOid for anything else. */
static Oid
called_function(Node *node, Node **left, Node **right)
{
	List	   *args;
	Oid			function;

	if (node && IsA(node, OpExpr))
	{
		args = ((OpExpr *) node)->args;
		function = get_opcode(((OpExpr *) node)->opno);
	}
	else if (node && IsA(node, FuncExpr))
	{
		args = ((FuncExpr *) node)->args;
		function = ((FuncExpr *) node)->funcid;
	}
	else
		return InvalidOid;
	*left = args == NIL ? NULL : linitial(args);
	*right = list_length(args) < 2 ? NULL : lsecond(args);
	return list_length(args) > 2 ? InvalidOid : function;
}

static bool
is_column(Node *node, Index relid)
{
	return node && IsA(node, Var) && ((Var *) node)->varno == relid && ((Var *) node)->varlevelsup == 0 &&
		((Var *) node)->varattno > 0;
}

/* A varchar is a text, and a value of a domain one of what the domain is over. */
static Node *
strip_relabel(Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/* Is it the same for all rows? */
static bool
is_constant(Node *node)
{
	return !contain_var_clause(node) && !contain_volatile_functions(node) && !contain_subplans(node);
}

/* column <op> query, either way round, or a function of both */
static SearchClause *
match_distance(Expr *expr, RelOptInfo *rel, const MilvusTable *table)
{
	SearchClause *search;
	Node	   *left,
			   *right;
	Oid			function = called_function((Node *) expr, &left, &right);
	bool		negated;
	DistanceKind kind;

	if (!OidIsValid(function) || right == NULL)
		return NULL;
	kind = distance_classify(function, &negated);
	if (kind == DISTANCE_NONE)
		return NULL;
	if (!is_column(strip_relabel(left), rel->relid) && kind != DISTANCE_BM25)
	{
		Node	   *swap = left;

		left = right;
		right = swap;
	}
	left = strip_relabel(left);
	if (!is_column(left, rel->relid) || table->columns[((Var *) left)->varattno - 1].name == NULL ||
		!is_constant(right))
		return NULL;
	search = palloc0(sizeof(SearchClause));
	search->attnum = ((Var *) left)->varattno;
	search->kind = kind;
	search->negated = negated;
	search->distance = expr;
	search->function = function;
	search->query = (Expr *) right;
	return search;
}

/* milvus.rrf(ARRAY[distance, ...], k, candidates, params), milvus.weighted(ARRAY[distance, ...], weights, candidates, params) */
static SearchClause *
match_fusion(Expr *expr, RelOptInfo *rel, const MilvusTable *table)
{
	FuncExpr   *call = (FuncExpr *) expr;
	WordsFunction function;
	SearchClause *search;
	ArrayExpr  *legs;
	ListCell   *lc;

	if (expr == NULL || !IsA(expr, FuncExpr))
		return NULL;
	function = words_function(call->funcid);
	if (function != WORDS_RRF && function != WORDS_WEIGHTED)
		return NULL;
	legs = linitial(call->args);
	if (!IsA(legs, ArrayExpr) || legs->multidims || !is_constant((Node *) list_copy_tail(call->args, 1)))
		return NULL;
	search = palloc0(sizeof(SearchClause));
	search->kind = DISTANCE_FUSED;
	search->distance = expr;
	search->by_rank = function == WORDS_RRF;
	search->parameter = lsecond(call->args);
	search->candidates = lthird(call->args);
	search->leg_params = lfourth(call->args);
	foreach(lc, legs->elements)
	{
		SearchClause *leg = match_distance(lfirst(lc), rel, table);

		/* a distance from NULL, which the planner has evaluated */
		if (IsA(lfirst(lc), Const) && ((Const *) lfirst(lc))->constisnull)
			leg = palloc0(sizeof(SearchClause));
		if (leg == NULL || leg->negated)
			return NULL;
		search->legs = lappend(search->legs, leg);
	}
	return search;
}

static bool
is_finite_constant(Node *node, double *value)
{
	if (node == NULL || !IsA(node, Const) || ((Const *) node)->consttype != FLOAT8OID || ((Const *) node)->constisnull)
		return false;
	*value = DatumGetFloat8(((Const *) node)->constvalue);
	return isfinite(*value);
}

/* The ranking's value becomes offset + factor * value. */
static bool
transform(Ranking *ranking, double offset, double factor)
{
	if (factor == 0)
		return false;
	ranking->falls ^= factor < 0;
	ranking->offset = offset + factor * ranking->offset;
	ranking->slope *= factor;
	return ranking->slope != 0 && isfinite(ranking->slope) && isfinite(ranking->offset);
}

/* constant / value: it turns the order where the value is always positive */
static bool
invert(Ranking *ranking, double constant)
{
	if (!ranking->is_linear || ranking->offset <= 0 || ranking->slope <= 0 || constant == 0 ||
		ranking->search->kind == DISTANCE_IP || distance_is_only_in_milvus(ranking->search->kind))
		return false;
	ranking->is_linear = false;
	ranking->falls ^= constant > 0;
	return true;
}

/* A step from a ranking, which is one of the arguments, and a constant, if there is another. */
static bool
match_step(Oid function, Ranking *ranking, bool ranking_is_left, double constant)
{
	switch (function)
	{
		case F_FLOAT8UM:
			return transform(ranking, 0, -1);
		case F_FLOAT8PL:
			return transform(ranking, constant, 1);
		case F_FLOAT8MI:
			return ranking_is_left ? transform(ranking, -constant, 1) : transform(ranking, constant, -1);
		case F_FLOAT8MUL:
			return transform(ranking, 0, constant);
		case F_FLOAT8DIV:
			return ranking_is_left ? constant != 0 && transform(ranking, 0, 1 / constant) : invert(ranking, constant);
		default:
			return false;
	}
}

bool
ranking_match(Expr *expr, RelOptInfo *rel, const MilvusTable *table, Ranking *ranking)
{
	SearchClause *search = match_distance(expr, rel, table);
	Node	   *left,
			   *right;
	Oid			function;
	double		constant = 0;
	bool		ranking_is_left;

	if (search == NULL)
		search = match_fusion(expr, rel, table);
	if (search)
	{
		double		sign = search->negated ? -1 : 1;

		*ranking = (Ranking)
		{
			.search = search, .falls = search->negated, .is_linear = true, .slope = sign
		};
		return true;
	}
	function = called_function((Node *) expr, &left, &right);
	if (!OidIsValid(function))
		return false;
	ranking_is_left = right == NULL || is_finite_constant(right, &constant);
	if (!ranking_is_left && !is_finite_constant(left, &constant))
		return false;
	return ranking_match((Expr *) (ranking_is_left ? left : right), rel, table, ranking) &&
		match_step(function, ranking, ranking_is_left, constant);
}

static bool
is_distance_of(Node *node, void *context)
{
	Index		relid = *(Index *) context;
	Node	   *left,
			   *right;
	bool		negated;
	Oid			function;

	if (node == NULL)
		return false;
	function = called_function(node, &left, &right);
	if (OidIsValid(function) && right && distance_classify(function, &negated) != DISTANCE_NONE &&
		(is_column(strip_relabel(left), relid) || is_column(strip_relabel(right), relid)))
		return true;
	return expression_tree_walker(node, is_distance_of, context);
}

bool
ranking_occurs(Node *node, Index relid)
{
	return is_distance_of(node, &relid);
}

static Expr *
make_float8_const(double value)
{
	return (Expr *) makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8), Float8GetDatum(value), false, FLOAT8PASSBYVAL);
}

static Expr *
make_float8_op(Oid opno, Expr *left, Expr *right)
{
	Expr	   *op = make_opclause(opno, FLOAT8OID, false, left, right, InvalidOid, InvalidOid);

	set_opfuncid((OpExpr *) op);
	return op;
}

/* The distance at which a linear ranking has this value, and what rounding may add. */
static Expr *
solve_for_distance(const Ranking *ranking, Expr *value)
{
	double		rounding = fabs(ranking->offset / ranking->slope) * 8 * DBL_EPSILON;

	if (ranking->offset == 0 && ranking->slope == 1)
		return value;
	if (ranking->offset == 0 && ranking->slope == -1)
		return make_float8_op(OID_FLOAT8_MINUS, make_float8_const(0), value);
	value = make_float8_op(OID_FLOAT8_DIVIDE,
						   make_float8_op(OID_FLOAT8_MINUS, value, make_float8_const(ranking->offset)),
						   make_float8_const(ranking->slope));
	return make_float8_op(OID_FLOAT8_PLUS, value, make_float8_const(rounding));
}

Expr *
ranking_match_bound(Expr *clause, RelOptInfo *rel, const MilvusTable *table, SearchClause **search)
{
	Node	   *left,
			   *right;
	Oid			function = called_function((Node *) clause, &left, &right);
	bool		is_below = function == F_FLOAT8LT || function == F_FLOAT8LE;
	Ranking		ranking;
	Expr	   *value;

	if (!is_below && function != F_FLOAT8GT && function != F_FLOAT8GE)
		return NULL;
	value = (Expr *) right;
	if (!ranking_match((Expr *) left, rel, table, &ranking))
	{
		if (!ranking_match((Expr *) right, rel, table, &ranking))
			return NULL;
		value = (Expr *) left;
		is_below = !is_below;
	}

	/*
	 * the near ones pass: their values are below, or they fall with the
	 * distance and are above
	 */
	if (!ranking.is_linear || is_below == ranking.falls || ranking.search->kind == DISTANCE_FUSED || !is_constant((Node *) value))
		return NULL;
	*search = ranking.search;
	ranking.search->bound_is_open = function == F_FLOAT8LT || function == F_FLOAT8GT;
	ranking.search->bound_is_turned = ranking.falls;
	ranking.search->bound_is_exact = ranking.offset == 0 && fabs(ranking.slope) == 1;
	return (Expr *) eval_const_expressions(NULL, (Node *) solve_for_distance(&ranking, value));
}
