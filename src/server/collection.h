/*
 * collection.h
 *		Descriptions of collections: fields, indexes, size.
 */
#ifndef MILVUS_COLLECTION_H
#define MILVUS_COLLECTION_H

#include "postgres.h"

#include "connection.h"
#include "proto/milvus.pb-c.h"
#include "wire/type.h"

typedef struct CollectionField
{
	char	   *name;
	int			data_type;		/* schema.DataType */
	int			element_type;	/* of an array */
	int			dim;			/* of a vector; 0 for a sparse one */
	int			max_length;		/* bytes of a text, or of an array's texts */
	int			max_capacity;	/* elements of an array */
	bool		primary_key;
	bool		auto_id;
	bool		nullable;
	bool		partition_key;
	bool		function_output;
	bool		is_dynamic;		/* $meta */
	bool		has_default;
	FlatKind	default_kind;	/* FLAT_NONE: it is of a kind not known here */
	FlatValue	default_value;
	bool		analyzed;		/* a text of which the server knows the words */
	char	   *analyzer;		/* by these parameters: JSON, or NULL */
	bool		matched;		/* and can be asked for them in a filter */
	int			bm25;			/* of a text: the field of the vector that a
								 * BM25 function makes of it, from 1; 0: none */

	/* its index: NULL without one */
	char	   *index_type;
	char	   *metric_type;
} CollectionField;

typedef struct Collection
{
	MemoryContext context;
	int64		id;				/* 0: the server tells none */
	uint64		schema_timestamp;	/* of its last change; 0: the server tells
									 * none */
	char	   *asked_name;		/* may be an alias: what requests name it by */
	char	   *name;			/* its own name */
	char	   *dbname;
	int			nfields;
	CollectionField *fields;	/* the last one is $meta where there are
								 * dynamic fields */
	CollectionField *primary_key;
	CollectionField *partition_key; /* NULL: none */
	bool		has_dynamic;
	bool		partly_loaded;	/* some partitions are loaded, others are not */
	int			npartitions;
	int			max_window;		/* limit of a query, topk of a search */
	Milvus__Proto__Common__ConsistencyLevel consistency;	/* what its readers ask
															 * for unless they say
															 * otherwise */
	uint32		fingerprint;	/* of all that plans rely on */
	double		rows;			/* as the server's statistics say; -1 unknown */
	TimestampTz described_at;
} Collection;

/*
 * How old a description may be, in milliseconds: for writing; for what an alias means, and
 * for what nothing looks at again; for planning, and for a scan, which is checked as it starts.
 */
#define DESCRIPTION_FRESH 0
#define DESCRIPTION_RECENT 1000
#define DESCRIPTION_CACHED 5000

/*
 * Describe a collection, from the cache unless the description is older than
 * that.  Valid to the end of the transaction.  Errors: 42P01, 3D000, those of the
 * connection.
 */
extern Collection *collection_describe(MilvusConnection *connection, const char *dbname,
									   const char *name, int max_age);

/* The same, or NULL when that ends with an error of that SQLSTATE. */
extern Collection *collection_describe_unless(MilvusConnection *connection, const char *dbname,
											  const char *name, int max_age, int sqlstate);

/*
 * The same, of the collection that a name means now: its own name is found if the
 * name is an alias, and described.  So whatever becomes of the alias, requests go
 * on to the same collection.  Where the user has no right by that name, the alias
 * it remains.
 */
extern Collection *collection_resolve(MilvusConnection *connection, const char *dbname,
									  const char *name, int max_age);

/*
 * Ask again whether a description holds, beside other requests.  NULL when it
 * is only a moment old; else to be finished, which waits and tells whether it is
 * the same collection and all that plans rely on is as it was.  If not, the
 * description is forgotten.
 */
typedef struct CollectionCheck CollectionCheck;
extern CollectionCheck *collection_start_check(MilvusConnection *connection, Collection *collection);
extern bool collection_finish_check(CollectionCheck *check);

/*
 * Is the collection of that name still the one described?  One request; where the
 * server has no ids, it is.
 */
typedef enum CollectionIdentity
{
	COLLECTION_SAME,
	COLLECTION_OTHER,			/* or there is none of that name any more */
	COLLECTION_UNTOLD			/* the server did not say */
} CollectionIdentity;
extern CollectionIdentity collection_identify(MilvusConnection *connection, const Collection *collection);

/* Forget what is cached of it, because it was changed or found to be wrong. */
extern void collection_forget(MilvusConnection *connection, const char *dbname, const char *name);
extern void collection_forget_all(MilvusConnection *connection);

extern CollectionField *collection_find_field(Collection *collection, const char *name);

/* Are the scores of a search on this field's index exact distances? */
extern bool collection_scores_exact(const CollectionField *field);

/* Does a search on this field's index find the true neighbours in their true order? */
extern bool collection_search_exact(const CollectionField *field);

/* A field of a schema, in CurrentMemoryContext; its index stays unknown. */
extern void collection_read_field(CollectionField *field, const Milvus__Proto__Schema__FieldSchema *schema);

/* The names of all its partitions: a List of char *, in CurrentMemoryContext. */
extern List *collection_list_partitions(MilvusConnection *connection, const char *dbname, const char *name);

/* The names of all collections of a database: a List of char *. */
extern List *collection_list(MilvusConnection *connection, const char *dbname);

#endif							/* MILVUS_COLLECTION_H */
