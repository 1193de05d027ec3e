/*
 * search_extras.h
 *		What only milvus.search() asks for: rankers and highlights.
 */
#ifndef MILVUS_SEARCH_EXTRAS_H
#define MILVUS_SEARCH_EXTRAS_H

#include "postgres.h"

#include "remote/read.h"
#include "utils/jsonb.h"
#include "value/pgvector.h"

/*
 * A ranker as the user writes it, a JSON object or an array of them, as the
 * function_score of a request.  In an object "field" names the input field, or
 * fields, and "name" the function; all else are its parameters.  {"functions":
 * [...], ...} has parameters for all of them together.  Error 22023.
 */
extern Milvus__Proto__Schema__FunctionScore *search_extras_ranker(Jsonb *ranker);

/*
 * Does the greatest score of an answer come first?  So it does of all rankers but
 * boosts, which change the scores of a metric in its own sense (querynode,
 * RescoresNode.cpp).
 */
extern bool search_extras_greatest_first(const Milvus__Proto__Schema__FunctionScore *ranker, DistanceKind kind);

/*
 * The parameters of a highlighter, with "type" lexical (or none) or semantic.
 * Error 22023.
 */
extern Milvus__Proto__Common__Highlighter *search_extras_highlighter(Jsonb *highlight);

/* What an answer has of highlights, for nhits hits of all its queries; NULL: none. */
typedef struct SearchHighlights SearchHighlights;
extern SearchHighlights *search_extras_open(const MilvusTable *table, const RpcBuffer *answer, uint64 nhits);

/* {"highlight": {"body": ["a <em>fox</em>"]}} of one hit, from 0. */
extern Datum search_extras_of_hit(const SearchHighlights *highlights, uint64 hit);

#endif							/* MILVUS_SEARCH_EXTRAS_H */
