/*
 * side.h
 *		What the sides in C have in common: the vectors to search with, the
 *		clock, and an answer as a line of JSON.
 *
 * A command is a line of words; its answer is {"result": {"seconds": [...],
 * "keys": [[...], ...]}}.  Anything that goes wrong ends the process.
 */
#ifndef BENCH_SIDE_H
#define BENCH_SIDE_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIM 128

typedef struct Answer
{
	size_t		count,
				room;
	double	   *seconds;
	size_t	   *ends;			/* where in keys those of each execution end */
	size_t		nkeys,
				keys_room;
	int64_t    *keys;
} Answer;

static void __attribute__((format(printf, 1, 2), noreturn))
fail(const char *format, ...)
{
	va_list		args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void *
grown(void *array, size_t *room, size_t size)
{
	*room = *room ? *room * 2 : 1024;
	array = realloc(array, *room * size);
	if (array == NULL)
		fail("out of memory");
	return array;
}

static inline double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static inline void
add_key(Answer *answer, int64_t key)
{
	if (answer->nkeys == answer->keys_room)
		answer->keys = grown(answer->keys, &answer->keys_room, sizeof(int64_t));
	answer->keys[answer->nkeys++] = key;
}

static void
end_execution(Answer *answer, double seconds)
{
	if (answer->count == answer->room)
	{
		answer->ends = realloc(answer->ends, sizeof(size_t) * (answer->room ? answer->room * 2 : 1024));
		answer->seconds = grown(answer->seconds, &answer->room, sizeof(double));
	}
	answer->seconds[answer->count] = seconds;
	answer->ends[answer->count++] = answer->nkeys;
}

/* Print the answer and empty it. */
static void
print_answer(Answer *answer)
{
	size_t		key = 0;

	fputs("{\"result\": {\"seconds\": [", stdout);
	for (size_t i = 0; i < answer->count; i++)
		printf("%s%.9f", i ? ", " : "", answer->seconds[i]);
	fputs("], \"keys\": [", stdout);
	for (size_t i = 0; i < answer->count; i++)
	{
		size_t		start = key;

		fputs(i ? ", [" : "[", stdout);
		for (; key < answer->ends[i]; key++)
			printf("%s%lld", key > start ? ", " : "", (long long) answer->keys[key]);
		fputc(']', stdout);
	}
	fputs("]}}\n", stdout);
	fflush(stdout);
	answer->count = answer->nkeys = 0;
}

/* Vectors of DIM floats, as numpy writes them. */
static float *
read_vectors(const char *path, size_t *count)
{
	FILE	   *file = fopen(path, "rb");
	float	   *vectors;
	long		size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0)
		fail("%s: cannot be read", path);
	rewind(file);
	vectors = malloc(size);
	*count = size / (DIM * sizeof(float));
	if (vectors == NULL || fread(vectors, 1, size, file) != (size_t) size)
		fail("%s: cannot be read", path);
	fclose(file);
	return vectors;
}

#endif							/* BENCH_SIDE_H */
