/*
 * search_params_check.h
 *		Warns of search parameters that mean nothing to a table's indexes.
 */
#ifndef MILVUS_SEARCH_PARAMS_CHECK_H
#define MILVUS_SEARCH_PARAMS_CHECK_H

#include "postgres.h"

#include "remote/table.h"
#include "utils/jsonb.h"

/*
 * A WARNING for each parameter that no index of the table has, or whose value is
 * no number though all are numbers: once a session and table.  Silent where an
 * index is of a type not known here.  shared: they are for tables of any index,
 * and those of an index that another table may have are right.
 */
extern void search_params_check(const MilvusTable *table, Jsonb *params, bool shared);

#endif							/* MILVUS_SEARCH_PARAMS_CHECK_H */
