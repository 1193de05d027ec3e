/*
 * guess.h
 *		"Did you mean ...": the closest existing name to a misspelt one.
 */
#ifndef MILVUS_GUESS_H
#define MILVUS_GUESS_H

#include "postgres.h"

typedef struct NameGuess
{
	const char *wanted;
	const char *best;			/* the closest of what was offered, NULL: none
								 * is close */
	int			distance;
} NameGuess;

extern void guess_start(NameGuess *guess, const char *wanted);

/* Offer a name that exists; it must live as long as the guess. */
extern void guess_offer(NameGuess *guess, const char *name);

#endif							/* MILVUS_GUESS_H */
