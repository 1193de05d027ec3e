/*
 * neighbours.h
 *		The rows nearest to a query vector, as many as are asked for.
 */
#ifndef MILVUS_NEIGHBOURS_H
#define MILVUS_NEIGHBOURS_H

#include "postgres.h"

#include "filter/filter.h"
#include "plan/scan_plan.h"

/* For EXPLAIN: are distances computed here, as far as is known, so that each row needs its vector? */
extern bool neighbours_bring_vectors(const MilvusTable *table, const ScanPlan *plan, const FilterValue *values);

#endif							/* MILVUS_NEIGHBOURS_H */
