/*
 * scan_plan.h
 *		What a ForeignScan node carries from planning to execution.
 */
#ifndef MILVUS_SCAN_PLAN_H
#define MILVUS_SCAN_PLAN_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "value/pgvector.h"

/* ForeignPath.fdw_private: a list of one Integer of this */
typedef enum PathKind
{
	PATH_PAGES,					/* all rows that pass, in the order of the key */
	PATH_SEARCH,				/* the nearest first */
	PATH_RANGE,					/* those within a distance */
	PATH_COUNT					/* only how many there are */
} PathKind;

/* the search of PATH_SEARCH and PATH_RANGE */
typedef struct SearchPlan
{
	AttrNumber	attnum;			/* the vector */
	DistanceKind kind;
	bool		negated;		/* what is delivered is the distance, but for
								 * its sign */
	Oid			function;		/* computes that */
	int			query;			/* index in fdw_exprs of the query vector */
	int			bound;			/* index in fdw_exprs of the distance beyond
								 * which no row is wanted, -1 without */
	bool		bound_is_open;	/* nor one that is just as far */
	bool		bound_is_turned;	/* it was a lower bound of the negative:
									 * no number is above NaN */
} SearchPlan;

/* several searches as one: search.kind is DISTANCE_FUSED */
typedef struct FusionPlan
{
	bool		by_rank;		/* RRF; else by weighted scores */
	int			parameter;		/* index in fdw_exprs of k, or of the weights */
	int			candidates;		/* index in fdw_exprs of their number */
	int			leg_params;		/* index in fdw_exprs of a JSON array */
	List	   *legs;			/* lists of integers: */
#define FUSION_LEG_ATTNUM 0		/* the vector, or the text */
#define FUSION_LEG_KIND 1		/* DistanceKind; DISTANCE_NONE: it finds
								 * nothing */
#define FUSION_LEG_QUERY 2		/* index in fdw_exprs of the query */
} FusionPlan;

typedef struct ScanPlan
{
	PathKind	kind;
	Oid			relid;			/* the foreign table; the node of a count has
								 * no relation of its own */
	int			relied_on;		/* Collection.fingerprint of what was planned
								 * with */
	List	   *filters;		/* trees of the conditions that are sent;
								 * their values are in fdw_exprs */
	bool		has_words;		/* some of them are on words: none may be left
								 * out, and checked here */
	List	   *columns;		/* integers: attribute number by position of
								 * the scan tuple; 0: the distance */
	List	   *recheck_columns;	/* integers: attribute numbers that only
									 * the sent conditions need */
	bool		has_search;
	SearchPlan	search;
	FusionPlan	fusion;
	int			limit;			/* index in fdw_exprs of LIMIT, -1 without */
	int			offset;			/* index in fdw_exprs of OFFSET, -1 without */
	bool		one_ahead;		/* a window looks at one row more */
	bool		drops_rows;		/* conditions are checked here, other than the
								 * bound of the search */
	List	   *local_reasons;	/* lists of each of them, on relation 1, or an
								 * empty string, and a string: why; for
								 * EXPLAIN */
	const char *search_reason;	/* why a distance that orders the query is not
								 * sent, "" without; for EXPLAIN */
} ScanPlan;

/* To ForeignScan.fdw_private, which copyObject() understands, and back. */
extern List *scan_plan_write(const ScanPlan *plan);
extern void scan_plan_read(List *fdw_private, ScanPlan *plan);

#endif							/* MILVUS_SCAN_PLAN_H */
