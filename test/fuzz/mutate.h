/*
 * mutate.h
 *		Random numbers, and messages changed at random.
 */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/flat.h"

#define MAX_INPUT 32768

typedef enum Target
{
	QUERY, SEARCH, MUTATION, NTARGETS
} Target;

typedef struct Input
{
	Target		target;
	size_t		len;
	uint8_t		data[MAX_INPUT];
} Input;

/* The same state gives the same numbers in the same order. */
extern uint64_t random_state;
extern uint64_t next_random(void);
extern uint32_t below(uint32_t n);
extern bool one_in(uint32_t n);
extern uint64_t random_integer(void);

/* The memory of a FlatBuffer that belongs to nobody else. */
extern void *grow(void *context, void *old, size_t size);
extern void reset_buffer(FlatBuffer *buffer);

/* Change some bytes, with no idea of what they mean; some may come from another input. */
extern void mutate_bytes(Input *input, const Input *other);

/* Change one field of the message, or of one in it, with all lengths around it right. */
extern void mutate_fields(Input *input, const Input *other);

#endif							/* FUZZ_MUTATE_H */
