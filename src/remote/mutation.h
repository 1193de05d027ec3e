/*
 * mutation.h
 *		Insert and Upsert requests from columns of encoded values.
 */
#ifndef MILVUS_MUTATION_H
#define MILVUS_MUTATION_H

#include "postgres.h"

#include "table.h"

/*
 * Start sending the rows that the columns hold (framed here).  Not repeatable:
 * a broken connection leaves it open whether they were written.
 */
extern RpcCall *mutation_start(const MilvusTable *table, FlatWriter *columns, int ncolumns,
							   uint32 nrows);

/*
 * Wait for its end; the keys are left in result, pointing into buffer.
 * Errors: Milvus' own, and HV000 when not all rows were taken.
 */
extern void mutation_finish(const MilvusTable *table, RpcCall *call, uint32 nrows,
							RpcBuffer *buffer, FlatMutation *result);

#endif							/* MILVUS_MUTATION_H */
