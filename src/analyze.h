/*
 * analyze.h
 *		ANALYZE of a foreign table.
 */
#ifndef MILVUS_ANALYZE_H
#define MILVUS_ANALYZE_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern bool milvusAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages);

#endif							/* MILVUS_ANALYZE_H */
