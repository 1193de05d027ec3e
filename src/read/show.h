/*
 * show.h
 *		What EXPLAIN shows of scans and of writes alike.
 */
#ifndef MILVUS_SHOW_H
#define MILVUS_SHOW_H

#include "postgres.h"

#include "nodes/plannodes.h"

#include "source.h"

/* The values of fdw_exprs: constants as they are, a statement's parameters as $n, everything else as "?". */
extern void show_values(ForeignScan *plan, FilterValue *values);

/* The collection, and the partition. */
extern void show_table(const MilvusTable *table, struct ExplainState *es);

/* For ANALYZE: what was asked for and came.  A number below 0 is not shown. */
extern void show_counters(const ScanCounters *counters, struct ExplainState *es);

#endif							/* MILVUS_SHOW_H */
