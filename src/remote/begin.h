/*
 * begin.h
 *		The one way to begin to read, or to change, a collection.
 */
#ifndef MILVUS_BEGIN_H
#define MILVUS_BEGIN_H

#include "postgres.h"

#include "lib/ilist.h"
#include "nodes/execnodes.h"

#include "table.h"

/*
 * Rows that a statement collects for a table, to be sent as one request.  Whoever
 * begins to read the collection, or to write to it, has them sent before.
 */
typedef struct CollectedRows
{
	dlist_node	node;
	const MilvusTable *table;
	const EState *estate;		/* the statement */
	bool		has_unsent;
	void		(*send) (struct CollectedRows *rows);
} CollectedRows;

extern void begin_collecting(CollectedRows *rows);
extern void begin_forget_collected(CollectedRows *rows);

/* it was not planned with */
#define RELIED_ON_NOTHING (-1)

/*
 * To be called before the first request that reads rows of a table, or changes
 * all that pass a filter.  estate: of the statement, NULL without one.
 * relied_on: the fingerprint of what was planned with.  What statements around it
 * have collected is sent first.  Errors: 40001 when the plan is out of date,
 * 55000 when writes wait for the commit, or the collection is only partly loaded.
 */
extern void begin_reading(const MilvusTable *table, const EState *estate, int relied_on);

/* The same before rows are written, or all are removed: what was collected must not be overtaken. */
extern void begin_writing(const MilvusTable *table, const EState *estate);

#endif							/* MILVUS_BEGIN_H */
