/*
 * neighbours.h
 *		The rows nearest to a query vector, as many as are asked for.
 */
#ifndef MILVUS_NEIGHBOURS_H
#define MILVUS_NEIGHBOURS_H

#include "postgres.h"

#include "access/tupdesc.h"

#include "pages.h"
#include "value/pgvector.h"

typedef struct NeighbourRequest
{
	AttrNumber	attnum;			/* the vector */
	DistanceKind kind;
	Oid			function;		/* computes the distance */
	Datum		query;			/* the query vector */
	bool		query_is_null;
	Oid			query_type;
	double		bound;			/* no row farther than this is wanted; infinity for all */
	int64		wanted;			/* rows that will probably be asked for, -1 unknown */
	const char *expr;			/* filter, "" for none */
} NeighbourRequest;

typedef struct NeighbourSource NeighbourSource;

/*
 * Nothing is sent yet.  columns and left_out as for row_make_reader(); tupdesc
 * describes the scan tuple.  Everything is allocated in, and ends with,
 * CurrentMemoryContext.
 */
extern NeighbourSource *neighbours_begin(const MilvusTable *table, const NeighbourRequest *request,
										 List *columns, List *left_out, TupleDesc tupdesc,
										 ScanCounters *counters);

/*
 * The next row, nearest first as far as the index promises, and never one
 * twice.  False only when there are no more rows at all, within the bound.  The arrays have the
 * width of the scan tuple plus one.
 */
extern bool neighbours_next(NeighbourSource *source, Datum *values, bool *nulls);

/* Give back what memory contexts don't: temporary files of a sort. */
extern void neighbours_end(NeighbourSource *source);

/* Are the scores taken as distances, or are the distances computed here? */
extern bool neighbours_scores_hold(const CollectionField *field);

#endif							/* MILVUS_NEIGHBOURS_H */
