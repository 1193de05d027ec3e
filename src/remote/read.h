/*
 * read.h
 *		Query and Search requests built from plain arguments.
 */
#ifndef MILVUS_READ_H
#define MILVUS_READ_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "table.h"

/* what a page of a query asks for */
typedef struct PageRequest
{
	const char *expr;			/* "" for all */
	List	   *output_fields;	/* of char *; not empty */
	int			limit;
	bool		ordered;		/* by the primary key */
} PageRequest;

typedef struct SearchRequest
{
	const CollectionField *field;
	const char *metric_type;
	bool		is_text;		/* the server makes the vectors: those below
								 * are texts in UTF-8 */
	const FlatSlice *vectors;	/* query vectors, each as the field has them */
	int			nvectors;
	int			limit;
	const char *params;			/* JSON object */
	const char *expr;			/* "" for all */
	List	   *output_fields;	/* may be NIL */
	const char *group_by;		/* field of which each value comes group_size
								 * times; NULL for none */
	int			group_size;
	bool		strict_group_size;	/* rather no group than one with fewer */

	/* for servers that have them; NULL: none */
	Milvus__Proto__Schema__IDs *ids;	/* rows whose vectors are the queries,
										 * in place of vectors */
	Milvus__Proto__Schema__FunctionScore *ranker;
	Milvus__Proto__Common__Highlighter *highlighter;
} SearchRequest;

/*
 * Start a page of rows, or a search.  The guarantee of a page that is ordered is
 * that of READ_ORDERED, or of a snapshot.  The response is QueryResults, or SearchResults, for flat_open_*().
 */
extern RpcCall *read_start_page(const MilvusTable *table, ReadGuarantee guarantee,
								const PageRequest *request);
extern RpcCall *read_start_search(const MilvusTable *table, ReadGuarantee guarantee,
								  const SearchRequest *request);

/* Start counting the rows that pass a filter; the number comes as column READ_COUNT of QueryResults. */
#define READ_COUNT "count(*)"
extern RpcCall *read_start_count(const MilvusTable *table, ReadGuarantee guarantee, const char *expr);

/* A filter that all rows pass. */
extern char *read_filter_of_all(const MilvusTable *table);

/*
 * rpc_finish() of what one of these has started.  While the collection is being loaded
 * it waits, as long as the setting wait_for_load says, and asks again; so it does when
 * Milvus has cancelled it together with another client's.
 */
extern void read_finish(const MilvusTable *table, RpcCall *call, RpcBuffer *buffer, bool *too_large);

/* Open the answer to a page or a count, or to a search: raises when it is malformed, and what it reports. */
extern void read_open_query(const MilvusTable *table, const RpcBuffer *buffer, FlatResult *result);
extern void read_open_search(const MilvusTable *table, const RpcBuffer *buffer, FlatResult *result);

/* Raise what the flat status of a response reports; returns on success. */
extern void read_check_status(const MilvusTable *table, const char *rpc, const FlatStatus *status);

/* Are they keys of the collection's type, and none null?  Raises if not. */
extern void read_check_keys(const MilvusTable *table, const char *rpc, const FlatColumn *keys);

/* An error for a response that makes no sense. */
extern _Noreturn void read_raise_malformed(const MilvusTable *table, const char *rpc,
										   const char *problem);

#endif							/* MILVUS_READ_H */
