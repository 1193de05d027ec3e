/*
 * search_params.h
 *		The parameters of a search request: what the user set, and the range.
 */
#ifndef MILVUS_SEARCH_PARAMS_H
#define MILVUS_SEARCH_PARAMS_H

#include "postgres.h"

#include "remote/table.h"
#include "utils/jsonb.h"
#include "value/pgvector.h"
#include "value/vector.h"

/* what a bound on the distance means to a search */
typedef struct SearchBounds
{
	DistanceKind kind;
	double		farthest;		/* no row is wanted that is farther, with room
								 * for the rounding of scores */
	bool		has_radius;		/* and the server is told so */
	double		radius;			/* as a score */
} SearchBounds;

/*
 * The bounds of a search for neighbours not farther than bound (infinity: no
 * bound).  A server's scores are sums of float4: they may be off by some
 * multiple of the float4's precision and the dimension; and they are distances
 * from the rounded query.
 */
extern SearchBounds search_bounds(DistanceKind kind, int dim, double bound, const VectorRounding *rounding, const Dialect *dialect);

/*
 * All rows that are left are as far as distance, or farther, from the rounded query:
 * none is nearer than this to the one that was given (by the triangle inequality).
 * By L2 and COSINE; it may be negative.
 */
extern double search_nearest_left(DistanceKind kind, int dim, double distance, const VectorRounding *rounding);

/* What the user has set for searches on that table: setting, option, {}.  Warns of what its indexes do not know. */
extern const char *search_params_set(const MilvusTable *table);

/* The same with others over it; error 22023 where they are no object. */
extern const char *search_params_merged(const MilvusTable *table, Jsonb *params);

/*
 * The text of SearchRequest's "params": what was set, with ef raised to the
 * limit (servers refuse less), the radius of bounds (NULL: none), and with from
 * only what is at least as far as that score.
 */
extern const char *search_params_text(const char *set, int limit, const SearchBounds *bounds,
									  const double *from);

#endif							/* MILVUS_SEARCH_PARAMS_H */
