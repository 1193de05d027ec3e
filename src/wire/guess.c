/*
 * guess.c
 *		"Did you mean ...": the closest existing name to a misspelt one.
 *
 * As PostgreSQL guesses at columns; its own ClosestMatchState came with 16.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/varlena.h"

#include "guess.h"

/* longer names are not measured */
#define MAX_LENGTH 255

void
guess_start(NameGuess *guess, const char *wanted)
{
	guess->wanted = wanted;
	guess->best = NULL;
	/* at most a third of it may be wrong */
	guess->distance = Max((int) strlen(wanted) / 3, 1) + 1;
}

void
guess_offer(NameGuess *guess, const char *name)
{
	int			wanted_len = strlen(guess->wanted);
	int			len = strlen(name);
	int			distance;

	if (wanted_len == 0 || wanted_len > MAX_LENGTH || len > MAX_LENGTH)
		return;
	/* other letter case is no mistake worth counting */
	if (pg_strcasecmp(guess->wanted, name) == 0)
		distance = 0;
	else
		distance = varstr_levenshtein_less_equal(guess->wanted, wanted_len, name, len, 1, 1, 1,
												 guess->distance, true);
	if (distance < guess->distance)
	{
		guess->distance = distance;
		guess->best = name;
	}
}
