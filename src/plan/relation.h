/*
 * relation.h
 *		What planning knows of a foreign table, its paths, and what a plan carries.
 */
#ifndef MILVUS_RELATION_H
#define MILVUS_RELATION_H

#include "postgres.h"

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

#include "filter/filter.h"
#include "ranking.h"
#include "remote/table.h"
#include "scan_plan.h"

/* RelOptInfo.fdw_private, of the foreign table and of an aggregate over it */
typedef struct PlanRelation
{
	MilvusTable *table;
	List	   *remote_conds;	/* RestrictInfos that are sent */
	List	   *local_conds;	/* and those that are not */
	List	   *filters;		/* trees of remote_conds */
	List	   *values;			/* expressions the trees compare with */
	List	   *local_reasons;	/* why each of local_conds stays: String */
	double		table_rows;
	SearchClause *search;		/* orders the query; or NULL */
	const char *search_reason;	/* why a distance that orders the query is not
								 * sent */
	SearchClause *range;		/* finds all rows within a distance; or NULL */
} PlanRelation;

/*
 * Error 42501 where a user has no right at all on a relation, or on the parent
 * that the query names it by.  The executor checks what the query needs, but only
 * after it was planned: until then nobody must make us ask a server with somebody
 * else's credentials.
 */
extern void relation_check_rights(PlannerInfo *root, Index named, Oid user);

/* relation.c, paths.c, count.c, plan.c: the callbacks */
extern void milvusGetForeignRelSize(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void milvusGetForeignPaths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *milvusGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid relid,
										 ForeignPath *best_path, List *tlist,
										 List *scan_clauses, Plan *outer_plan);

extern void milvusGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage,
									   RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra);

/* costs, in units of a sequential page: a request, a row, a byte that comes over */
#define REQUEST_COST 25.0
#define ROW_COST 0.01
#define BYTE_COST 0.0005
/* pages end with a request that brings nothing, mostly while the last is read */
#define LAST_PAGE_COST (REQUEST_COST / 2)
/* read to its end a search is a scan and more: hits come again in the next request */
#define SEARCH_FACTOR 2.0

/*
 * Find what a search can answer: the distance that orders the query (sets
 * search, or search_reason; the pathkeys the search has) and a distance that a
 * condition bounds (sets range).
 */
extern List *search_find_order(PlannerInfo *root, RelOptInfo *rel);
extern void search_find_range(RelOptInfo *rel);

/*
 * May the scan deliver the distance as a column of its own?  Only where the
 * query level consists of this scan, and no condition that is checked here
 * looks at the distance: a condition must be exact, a score is rounded.
 */
extern bool search_delivers_distance(PlannerInfo *root, RelOptInfo *rel, const SearchClause *search);

/* Does the search itself see to a condition, so that nobody checks it?  Of words alone, whose scores nobody else has. */
extern bool search_enforces(const SearchClause *search, const Expr *clause);

/*
 * Error 0A000 where a query uses functions on words of the relation's texts in a way
 * that no server answers.  After all ways to read the relation are known.
 */
extern void words_check(PlannerInfo *root, RelOptInfo *rel);

/* Is there a LIMIT that applies to the rows of this query level as they come, or as a window numbers them? */
extern bool search_has_plain_limit(PlannerInfo *root);
extern bool search_has_window_limit(PlannerInfo *root);

#endif							/* MILVUS_RELATION_H */
