/*
 * relation.h
 *		What planning knows of a foreign table, its paths, and what a plan carries.
 */
#ifndef MILVUS_RELATION_H
#define MILVUS_RELATION_H

#include "postgres.h"

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

#include "filter.h"
#include "remote/table.h"
#include "value/pgvector.h"

/* a distance that orders the query, answered by a search */
typedef struct SearchClause
{
	AttrNumber	attnum;			/* the vector */
	DistanceKind kind;
	Expr	   *distance;		/* the operator's expression */
	Expr	   *query;			/* the query vector */
} SearchClause;

/* RelOptInfo.fdw_private */
typedef struct PlanRelation
{
	MilvusTable *table;
	List	   *remote_conds;	/* RestrictInfos that are sent */
	List	   *local_conds;	/* and those that are not */
	List	   *filters;		/* trees of remote_conds */
	List	   *values;			/* expressions the trees compare with */
	List	   *local_reasons;	/* why each of local_conds stays: String */
	double		table_rows;
	SearchClause *search;		/* or NULL */
	const char *search_reason;	/* why a distance that orders the query is not sent */
} PlanRelation;

/* ForeignScan.fdw_private */
typedef enum ScanPrivate
{
	SCAN_FILTERS,				/* trees; values are in fdw_exprs */
	SCAN_COLUMNS,				/* integers: attribute number by position of the scan tuple; 0: the distance */
	SCAN_RECHECK_COLUMNS,		/* attribute numbers that only the sent conditions need */
	SCAN_SEARCH,				/* NIL or integers, see ScanSearch */
	SCAN_LIMIT,					/* integers: index of LIMIT and of OFFSET in fdw_exprs, -1 without */
	SCAN_HAS_LOCAL_CONDS,		/* integer */
	SCAN_LOCAL_REASONS,			/* strings, for EXPLAIN */
	SCAN_SEARCH_REASON			/* string, "" without */
} ScanPrivate;

typedef enum ScanSearch
{
	SEARCH_ATTNUM,
	SEARCH_KIND,
	SEARCH_QUERY,				/* index in fdw_exprs */
	SEARCH_FUNCTION				/* OID of the distance function */
} ScanSearch;

extern void milvusGetForeignRelSize(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void milvusGetForeignPaths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *milvusGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid relid,
										 ForeignPath *best_path, List *tlist,
										 List *scan_clauses, Plan *outer_plan);

/* Find the distance that orders the query, if a search can answer it: sets rel's search or search_reason. */
extern List *search_find(PlannerInfo *root, RelOptInfo *rel);

/* Is there a LIMIT that applies to the rows of this query level as they come? */
extern bool search_has_plain_limit(PlannerInfo *root);

/* settings */
extern bool milvus_enable_search;
extern bool milvus_exact_distance;
extern char *milvus_search_params;

#endif							/* MILVUS_RELATION_H */
