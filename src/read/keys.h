/*
 * keys.h
 *		Primary keys: from the values of a column, and sets of them.
 */
#ifndef MILVUS_KEYS_H
#define MILVUS_KEYS_H

#include "postgres.h"

#include "executor/tuptable.h"

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

/* The same of a row's column; error 23502 when that is NULL. */
extern RowKey key_make_of_slot(KeyMaker *maker, TupleTableSlot *slot, AttrNumber attnum);

/* Of two keys of one column. */
extern bool key_equal(const RowKey *one, const RowKey *other);

/* A copy, of a text as well, in CurrentMemoryContext. */
extern RowKey key_copy(const RowKey *key);

/* The lowest number does not parse in a filter: a key that cannot stand in a list. */
#define key_stands_alone(key) (!(key)->is_text && (key)->integer == PG_INT64_MIN)

/* A filter that names keys, as it is written. */
typedef struct KeyFilter
{
	const MilvusTable *table;
	bool		negated;		/* of the rows that have none of the keys */
	StringInfoData list;		/* "key in [1,2": of those that a list can
								 * have */
	int			listed;
	bool		alone;			/* the key that stands alone is one of them */
} KeyFilter;

/* Begin one, in CurrentMemoryContext. */
extern void key_filter_begin(KeyFilter *filter, const MilvusTable *table, bool negated);

/* Add a key; false, and nothing, when it cannot be written. */
extern bool key_filter_add(KeyFilter *filter, const RowKey *key);

/* How many keys it names. */
extern int	key_filter_count(const KeyFilter *filter);

/* The text, good in a conjunction; NULL when it names none. */
extern char *key_filter_end(KeyFilter *filter);

/* The text, and the rows must pass expr, too ("": any); expr alone when it names no key. */
extern char *key_filter_end_within(KeyFilter *filter, const char *expr);

/*
 * The filter of the rows with these keys.  Error 0A000 when one cannot be said:
 * "cannot look up a row of ...", if that is what they are wanted for.
 */
extern char *key_filter_make(const MilvusTable *table, const RowKey *keys, int count, const char *what_for);

typedef struct KeySet KeySet;

/*
 * A filter of the rows that pass another, and whose keys are not in a set; it lets
 * some of these through where they can't be said.
 */
extern char *key_filter_others(const MilvusTable *table, const char *expr, KeySet *keys);

/* Error 0A000 when the server can neither replace nor delete the row of that key. */
extern void key_check_changeable(const MilvusTable *table, const RowKey *key);

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
