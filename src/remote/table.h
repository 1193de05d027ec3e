/*
 * table.h
 *		A foreign table as Milvus sees it: connection, collection, partition,
 *		and the field behind each column.
 */
#ifndef MILVUS_TABLE_H
#define MILVUS_TABLE_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "server/collection.h"
#include "server/option.h"
#include "utils/rel.h"
#include "value/codec.h"

typedef struct TableColumn
{
	char	   *name;			/* of the column; NULL: dropped, or without a
								 * field, see table_require_column() */
	Oid			typeid;			/* InvalidOid: dropped */
	int32		typmod;
	CollectionField *field;		/* $meta for a dynamic key */
	char	   *dynamic_key;	/* or NULL */
	int			dim;			/* the option, or 0 */
} TableColumn;

typedef struct MilvusTable
{
	Oid			relid;
	char	   *relname;
	MilvusConnection *connection;
	TableOptions options;
	Collection *collection;
	int			ncolumns;
	TableColumn *columns;		/* by attnum - 1 */
	uint64	   *snapshot;		/* that pages of the statement are read from,
								 * 0 while there is none; NULL: no statement */
} MilvusTable;

/*
 * Resolve a foreign table for a user: connects, describes (max_age: see
 * collection.h), matches columns with fields.  Allocated in CurrentMemoryContext,
 * good to the end of the transaction.  Errors: those of connection_get() and
 * collection_describe().
 */
extern MilvusTable *table_open_remote(Relation relation, Oid userid, int max_age);

/*
 * The same for a statement: all of it means one collection by one name, the one
 * that the name meant when it was first opened.  Error 40001 when that has been
 * dropped, and made again, since.
 */
extern MilvusTable *table_open_in_statement(Relation relation, Oid userid, int max_age, EState *estate);

/* The definition of a foreign table of this wrapper; error 42809 when it is none. */
extern ForeignTable *table_definition(Oid relid, ForeignServer **server);

/*
 * To be called of a column without a name that a statement uses: error HV005 when
 * the collection has no field for it, nothing when it was dropped.
 */
extern void table_require_column(const MilvusTable *table, AttrNumber attnum);

/*
 * Where no partition is named a whole answer is promised: error 55000 when the
 * collection is only partly loaded.
 */
extern void table_check_loaded(const MilvusTable *table);

/* Error 40001: the cached description is stale; it is dropped, so that a retry replans. */
extern void table_raise_outdated(const MilvusTable *table);

/* The codec of a column; for a dynamic key that of jsonb. Error 42804. */
extern void table_init_codec(const MilvusTable *table, AttrNumber attnum, Codec *codec);

extern void table_field_type(const CollectionField *field, FieldType *type);

/* The field that a search by a field looks into: of a text, by its words, the vector that BM25 makes of it, if there is one. */
extern const CollectionField *table_searched_field(const MilvusTable *table, const CollectionField *field, bool by_words);

/* The column of a field: its attribute number, 0 if it has none. */
extern AttrNumber table_find_column(const MilvusTable *table, const CollectionField *field);

/* The timestamp and level that a read of the table must ask for. */
typedef struct ReadGuarantee
{
	uint64		timestamp;
	Milvus__Proto__Common__ConsistencyLevel level;
} ReadGuarantee;

typedef enum ReadKind
{
	READ_ONCE,					/* a search, a count, rows by their keys */
	READ_REPEATEDLY,			/* several of these, that need not each see
								 * what came since the first */
	READ_ORDERED				/* a query with the key "iterator" */
} ReadKind;

/*
 * The one place where it is decided.  What the session wrote is seen, and more
 * as the level says.
 */
extern ReadGuarantee table_read_guarantee(const MilvusTable *table, ReadKind kind);

/*
 * For the pages of one scan: a snapshot that has what the session wrote, made of
 * the time that the server told.  Only where the dialect has iterator_snapshots.
 */
extern ReadGuarantee table_snapshot_guarantee(const MilvusTable *table, uint64 session_ts);

/* Rows of the table are read to be changed: they are to be the latest, unless the user has said otherwise. */
extern void table_read_for_update(MilvusTable *table);

/* Is it one collection, whatever name and user it is known by? */
extern bool table_same_collection(const MilvusTable *one, const MilvusTable *other);

#endif							/* MILVUS_TABLE_H */
