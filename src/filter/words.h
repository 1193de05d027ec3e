/*
 * words.h
 *		Functions that only a server can compute: on words in a text, and hybrid ranks.
 */
#ifndef MILVUS_WORDS_H
#define MILVUS_WORDS_H

#include "postgres.h"

#include "nodes/nodes.h"

typedef enum WordsFunction
{
	WORDS_NONE,
	WORDS_MATCH,				/* milvus.text_match() */
	WORDS_PHRASE,				/* milvus.phrase_match() */
	WORDS_RANK,					/* milvus.bm25_distance(), the operator <@> */
	WORDS_RRF,					/* milvus.rrf() */
	WORDS_WEIGHTED				/* milvus.weighted() */
} WordsFunction;

/* Does it rank rows?  Else it is a condition. */
#define words_ranks(function) ((function) >= WORDS_RANK)

/* Which of the extension's functions is it? */
extern WordsFunction words_function(Oid function);

/* Is there one that ranks, or one that is a condition, in an expression, on a column of the relation (0: of any)? */
extern bool words_occur(Node *node, Index relid, bool ranks);

#endif							/* MILVUS_WORDS_H */
