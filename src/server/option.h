/*
 * option.h
 *		The options of foreign servers, user mappings, foreign tables and columns.
 */
#ifndef MILVUS_OPTION_H
#define MILVUS_OPTION_H

#include "postgres.h"

#include "foreign/foreign.h"
#include "utils/guc.h"

typedef enum Consistency
{
	CONSISTENCY_UNSET,			/* the collection's own, but never less than
								 * session, and strong where rows are read to
								 * be changed */
	CONSISTENCY_SESSION,		/* a session reads its own writes */
	CONSISTENCY_STRONG,
	CONSISTENCY_BOUNDED,
	CONSISTENCY_EVENTUALLY
} Consistency;

typedef struct ServerOptions
{
	char	   *host;
	int			port;
	char	   *dbname;			/* "default" unless set */
	bool		tls;
	char	   *sslrootcert;	/* paths of files, NULL when unset */
	char	   *sslcert;
	char	   *sslkey;
	char	   *ssl_server_name;
	int			connect_timeout_ms;
	int			request_timeout_ms;
	int			keepalive_idle_ms;	/* 0: no keepalive */
	int			keepalive_limit_ms;
	int			max_message;	/* bytes of an answer */
	bool		keep_connections;
} ServerOptions;

typedef struct MappingOptions
{
	char	   *user;
	char	   *password;
	char	   *token;
	char	   *password_file;
	char	   *token_file;
	bool		password_required;
} MappingOptions;

/* how ANALYZE has Milvus choose rows */
typedef enum AnalyzeSampling
{
	SAMPLING_OFF,				/* all keys are read */
	SAMPLING_AUTO,				/* of a large collection, by what the server
								 * can do */
	SAMPLING_RANDOM,			/* random_sample() */
	SAMPLING_MODULO				/* by the remainder of a whole number as key */
} AnalyzeSampling;

typedef struct TableOptions
{
	char	   *collection;
	char	   *partition;		/* NULL: all */
	char	   *dbname;
	int			fetch_size;		/* rows a page, 0: by bytes */
	int			batch_size;		/* rows a request, 0: by bytes */
	Consistency consistency;
	char	   *search_params;	/* JSON object or NULL */
	bool		search_params_shared;	/* they are the server's, for tables
										 * of any index */
	bool		upsert;			/* insert_mode */
	bool		write_at_commit;	/* write_mode */
	AnalyzeSampling analyze_sampling;
	bool		updatable;
	bool		unique_keys;	/* no key is there twice, as Milvus requires */
} TableOptions;

typedef struct ColumnOptions
{
	char	   *field;			/* name of the field in Milvus */
	char	   *dynamic_key;	/* key in $meta, or NULL */
	bool		primary_key;	/* the rest is for milvus.create_collection() */
	bool		auto_id;
	bool		partition_key;
	int			dim;			/* of a vector whose type has none; 0: not
								 * said */
	bool		full_text;		/* BM25 can rank the text by words */
	bool		match;			/* filters can find words in it */
	char	   *analyzer;		/* what its words are: JSON object, or NULL */
} ColumnOptions;

/* The words of a Consistency; "default" is one of the setting, not of the options. */
extern const struct config_enum_entry option_consistency_levels[];

/* All strings are allocated in CurrentMemoryContext. */
extern void option_get_server(ForeignServer *server, ServerOptions *options);
extern void option_get_mapping(UserMapping *mapping, MappingOptions *options);
extern void option_get_table(ForeignTable *table, ForeignServer *server, const char *relname,
							 TableOptions *options);
extern void option_get_column(Oid relid, AttrNumber attnum, const char *attname,
							  ColumnOptions *options);

/* Validate what was given for an object of that catalog. Errors: HV00D, 22023, 42501. */
extern void option_validate(List *options, Oid catalog);

#endif							/* MILVUS_OPTION_H */
