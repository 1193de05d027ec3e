/*
 * words.h
 *		Functions on words in a text, which only a server can compute.
 */
#ifndef MILVUS_WORDS_H
#define MILVUS_WORDS_H

#include "postgres.h"

#include "nodes/nodes.h"

typedef enum WordsFunction
{
	WORDS_NONE,
	WORDS_RANK,					/* milvus.bm25_distance(), the operator <@> */
	WORDS_MATCH,				/* milvus.text_match() */
	WORDS_PHRASE				/* milvus.phrase_match() */
} WordsFunction;

/* Which of the extension's functions is it? */
extern WordsFunction words_function(Oid function);

/* Is there one of them in an expression, on a column of the relation (0: of any)? */
extern bool words_occur(Node *node, Index relid, WordsFunction function);

#endif							/* MILVUS_WORDS_H */
