/*
 * siblings.h
 *		Scans that are all asked for their first row, one after the other: at once.
 */
#ifndef MILVUS_SIBLINGS_H
#define MILVUS_SIBLINGS_H

#include "postgres.h"

#include "nodes/execnodes.h"

typedef struct SiblingScans SiblingScans;

/* Look for them whenever a statement begins. */
extern void siblings_install_hook(void);

/* A scan of ours has begun: this statement may have some. */
extern void siblings_expect(void);

/*
 * A scan is asked for its first row: start those that will be asked after it, as
 * many as may be under way.
 */
extern void siblings_start(SiblingScans *siblings, int place);

#endif							/* MILVUS_SIBLINGS_H */
