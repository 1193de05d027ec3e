/*
 * row_address.h
 *		ctid, which rows of a collection do not have.
 */
#ifndef MILVUS_ROW_ADDRESS_H
#define MILVUS_ROW_ADDRESS_H

#include "postgres.h"

#include "nodes/pathnodes.h"

/*
 * Error 0A000 where the query itself names the ctid of a relation: all rows
 * would have the same, and DELETE ... WHERE ctid IN (SELECT ctid ... LIMIT 10)
 * would find them all.
 */
extern void row_address_refuse(PlannerInfo *root, Index relid);

#endif							/* MILVUS_ROW_ADDRESS_H */
