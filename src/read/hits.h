/*
 * hits.h
 *		The hits of a search: the best first, each row once, as many as are wanted.
 */
#ifndef MILVUS_HITS_H
#define MILVUS_HITS_H

#include "postgres.h"

#include "keys.h"
#include "row.h"
#include "search_params.h"
#include "source.h"
#include "value/vector.h"

/* what is searched, and for what */
typedef struct HitsQuery
{
	const CollectionField *field;	/* the vector */
	const char *metric;
	bool		is_text;		/* the server makes the vector, of words */
	FlatSlice	query;			/* a vector as the field has them, or a text
								 * in UTF-8 */
	VectorRounding rounding;	/* of the vector that was given */
	const char *obstacle;		/* why a server does not mean the same by the
								 * value, or NULL */
	bool		finds_nothing;	/* that is because nothing is near it */
	SearchBounds bounds;
	const char *params;			/* JSON object; for the caller to set */
} HitsQuery;

/*
 * The query of a distance from a value, without a bound.  Not to be sent when it has
 * an obstacle: the value is NULL, a vector without a direction, or far from what the
 * field can hold, or none of its dimension.
 */
extern HitsQuery hits_make_query(const MilvusTable *table, AttrNumber attnum, DistanceKind kind, const FilterValue *value);

/* May another row be nearer to the value than to the query that is sent? */
extern bool hits_query_is_rounded(const HitsQuery *query);

typedef struct Hits Hits;

/*
 * Searches for request->wanted rows, and for more whenever hits_more() is called.
 * Nothing is sent yet.  Allocated in, and ends with, CurrentMemoryContext.
 */
extern Hits *hits_begin(const SourceRequest *request, const HitsQuery *query, RowReader *reader);

/* From the next search on, rows are read by another reader: with other columns. */
extern void hits_set_reader(Hits *hits, RowReader *reader);

/* Send the search, and wait for its answer; false when it would be too large.  Sending it earlier is optional. */
extern void hits_send(Hits *hits);
extern bool hits_receive(Hits *hits);

/* The next hit that did not come before; false at the end of the answer. */
extern bool hits_next(Hits *hits, Datum *values, bool *nulls, RowKey *key, double *score);

/* Let a hit come again. */
extern void hits_forget(Hits *hits, const RowKey *key);

/* The score of the farthest hit so far. */
extern double hits_last_score(const Hits *hits);

/* The keys of all that came. */
extern KeySet *hits_keys(const Hits *hits);

/* Were there fewer than the last search asked for: does the server know no more? */
extern bool hits_are_all(const Hits *hits);

/*
 * The answer is used up: is another search to be sent, for more, or after a refusal
 * for fewer?  may_step: it may begin where the last one ended.
 */
extern bool hits_more(Hits *hits, bool may_step);

/* For EXPLAIN: "embedding COSINE, index HNSW". */
extern void hits_explain_search(StringInfo out, const MilvusTable *table, AttrNumber attnum, DistanceKind kind);

/* For EXPLAIN: ", k 10", as far as the plan's LIMIT tells. */
extern void hits_explain_limit(StringInfo out, const ScanPlan *plan, const FilterValue *values);

#endif							/* MILVUS_HITS_H */
