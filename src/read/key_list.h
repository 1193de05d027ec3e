/*
 * key_list.h
 *		The keys that a filter names, asked for some at a time.
 */
#ifndef MILVUS_KEY_LIST_H
#define MILVUS_KEY_LIST_H

#include "postgres.h"

#include "keys.h"
#include "filter/filter.h"

typedef struct KeyList KeyList;

/*
 * Take a condition that names keys out of trees of which all must hold.  NULL, and
 * the trees stay, when there is none, or when it is short, or when one of its keys
 * cannot be written.  Allocated in CurrentMemoryContext.
 */
extern KeyList *key_list_take(const MilvusTable *table, List **trees, const FilterValue *values);

/* How many keys have not been passed yet. */
extern int	key_list_left(const KeyList *list);

/* Append the condition for the next keys; at least that many, if there are. */
extern void key_list_write(KeyList *list, StringInfo out, int least);

/* Pass the keys written last, up to the last one that was found; NULL: none was. */
extern void key_list_pass(KeyList *list, const RowKey *last);

#endif							/* MILVUS_KEY_LIST_H */
