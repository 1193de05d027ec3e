/*
 * ranking.h
 *		Expressions that rank rows by how near a column is to a query vector.
 */
#ifndef MILVUS_RANKING_H
#define MILVUS_RANKING_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "remote/table.h"
#include "value/pgvector.h"

/* a distance of a column from a query vector, as pgvector's operators and functions compute it */
typedef struct SearchClause
{
	AttrNumber	attnum;			/* the vector */
	DistanceKind kind;
	bool		negated;		/* the expression is the distance, but for its
								 * sign */
	Expr	   *distance;		/* the expression */
	Oid			function;		/* computes it, of the column's vector and the
								 * query's */
	Expr	   *query;			/* the query vector */
	Expr	   *bound;			/* a condition wants no row farther than this;
								 * or NULL */
	Expr	   *bound_clause;	/* that condition */

	/*
	 * of milvus.rrf() and milvus.weighted(), where attnum is 0 and there is
	 * neither function nor query
	 */
	List	   *legs;			/* SearchClauses; one of the kind
								 * DISTANCE_NONE finds nothing */
	bool		by_rank;		/* RRF */
	Expr	   *parameter;		/* k, or the weights */
	Expr	   *candidates;
	Expr	   *leg_params;		/* a JSON array of search parameters, by leg */
	bool		bound_is_open;	/* nor one that is just as far */
	bool		bound_is_exact; /* the condition says no less, and no more */
	bool		bound_is_turned;	/* it was a lower bound of the negative */
} SearchClause;

/* an expression that only rises, or only falls, with a distance: 1 - (e <=> q) */
typedef struct Ranking
{
	SearchClause *search;		/* in CurrentMemoryContext */
	bool		falls;			/* the nearest have the greatest values */
	bool		is_linear;		/* it is offset + slope * distance */
	double		offset;
	double		slope;			/* not 0 */
} Ranking;

/*
 * Does an expression rank a relation's rows by a distance?  It may be computed from
 * the distance with constants, as long as each step keeps, or turns, the order.
 */
extern bool ranking_match(Expr *expr, RelOptInfo *rel, const MilvusTable *table, Ranking *ranking);

/* Does an expression depend on a distance of a column of the relation from anything? */
extern bool ranking_occurs(Node *node, Index relid);

/*
 * The distance beyond which no row passes a condition that bounds a ranking:
 * 1 - (e <=> q) > 0.78.  NULL if it is none.  Evaluated, it may be too large by a
 * rounding error, never too small.
 */
extern Expr *ranking_match_bound(Expr *clause, RelOptInfo *rel, const MilvusTable *table, SearchClause **search);

#endif							/* MILVUS_RANKING_H */
