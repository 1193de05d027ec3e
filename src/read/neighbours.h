/*
 * neighbours.h
 *		The rows nearest to a query vector, as many as are asked for.
 */
#ifndef MILVUS_NEIGHBOURS_H
#define MILVUS_NEIGHBOURS_H

#include "postgres.h"

#include "server/collection.h"

/* Are the scores taken as distances, or are the distances computed here? */
extern bool neighbours_scores_hold(const CollectionField *field);

#endif							/* MILVUS_NEIGHBOURS_H */
