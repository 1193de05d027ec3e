/*
 * keys.h
 *		Primary keys: from the values of a column, and sets of them.
 */
#ifndef MILVUS_KEYS_H
#define MILVUS_KEYS_H

#include "postgres.h"

#include "row.h"

/* makes keys of the values of the key's column */
typedef struct KeyMaker
{
	Codec		codec;
	FlatBuffer	buffer;
} KeyMaker;

/* Allocates in CurrentMemoryContext. */
extern void key_init_maker(KeyMaker *maker, const MilvusTable *table, AttrNumber attnum);

/* The key of a value; a text is good until the next call.  Errors: those of codec_write(). */
extern RowKey key_make(KeyMaker *maker, Datum value);

/* For tables of keys, all of one column. */
extern uint32 key_hash(const RowKey *key);
extern bool key_equal(const RowKey *one, const RowKey *other);

/* A copy, of a text as well, in CurrentMemoryContext. */
extern RowKey key_copy(const RowKey *key);

/*
 * The filter of a key that cannot stand in a list of keys, in CurrentMemoryContext;
 * NULL for all others.
 */
extern char *key_filter_alone(const MilvusTable *table, const RowKey *key);

/* Error 0A000 when the server can neither replace nor delete the row of that key. */
extern void key_check_changeable(const MilvusTable *table, const RowKey *key);

typedef struct KeySet KeySet;

/* An empty set in CurrentMemoryContext, which keeps copies of its keys. */
extern KeySet *keyset_make(void);

/* Add a key, with a number to find it by; false when it is there already. */
extern bool keyset_add(KeySet *set, const RowKey *key, int number);

/* The number of a key, -1 if it is not there. */
extern int	keyset_find(KeySet *set, const RowKey *key);

extern void keyset_remove(KeySet *set, const RowKey *key);
extern void keyset_empty(KeySet *set);
extern int	keyset_size(const KeySet *set);

/* The keys one after the other, in any order: begin, then next until it is NULL. */
typedef struct KeySetIterator
{
	uint32		at;				/* simplehash's own three */
	uint32		end;
	bool		done;
} KeySetIterator;

extern void keyset_begin(KeySet *set, KeySetIterator *iterator);
extern const RowKey *keyset_next(KeySet *set, KeySetIterator *iterator);

#endif							/* MILVUS_KEYS_H */
