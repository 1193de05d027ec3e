/*
 * count.h
 *		The number of rows that pass a filter, as the server counts them.
 */
#ifndef MILVUS_COUNT_H
#define MILVUS_COUNT_H

#include "postgres.h"

#include "source.h"

/* One request. Errors: Milvus' own, HV000 for an answer without a number. */
extern int64 count_rows(const MilvusTable *table, const char *expr, ReadGuarantee guarantee, ScanCounters *counters);

#endif							/* MILVUS_COUNT_H */
