/*
 * dialect.h
 *		What a kind of Milvus server can do, and where it differs in meaning.
 *
 * Decided once, when a connection is opened, from what the server says of
 * itself.  Each flag is named so that false is the cautious value: a server that
 * can't be identified has none of them.
 */
#ifndef MILVUS_DIALECT_H
#define MILVUS_DIALECT_H

#include "postgres.h"

/* A version of Milvus as a number: 2.6.11 is 20611. */
#define MILVUS_VERSION(major, minor, patch) ((major) * 10000 + (minor) * 100 + (patch))

/* the first Milvus whose source was not read */
#define DIALECT_UNREAD "3.1"

typedef struct Dialect
{
	const char *name;			/* for EXPLAIN, messages and documentation */

	/* the Milvus it may be, from the oldest to the newest; 0: none */
	int			oldest;
	int			newest;

	/* filters */
	bool		filters;		/* filters are sent at all */
	bool		has_not;		/* not (...) */
	bool		not_excludes_null;	/* not (...) of one comparison is not true
									 * where the field is null */
	bool		has_is_null;	/* field is null, field is not null */
	bool		or_of_contraries;	/* n in [1, 2] or n != 1, which some fold
									 * to true, also of NULL, or fail at */
	bool		or_of_ranges;	/* (1 < n and n < 5) or (1 <= n and n < 3),
								 * which some lose an end of */
	bool		and_of_lists;	/* n in [1, 2] and n in [3, 4] and n == 3,
								 * which some make n == 3 where n may be null
								 * or missing */
	bool		float4_exact;	/* constants are not rounded to float4 before
								 * a FLOAT field is compared with them */
	bool		float_lists;	/* a list of floats does not contain NaN */
	bool		zeros_equal;	/* a list with 0.0 contains -0.0 */
	bool		like_infix;		/* like "%x%" and "%x", not only "x%" */
	bool		negative_elements;	/* array_contains(a, -1) */
	bool		newline_escapes;	/* "\n" in a string literal is a line
									 * break */
	bool		wide_escapes;	/* "\U0001f600" in a string literal is that
								 * character */
	bool		timestamptz_filters;	/* a timestamptz field is compared
										 * with ISO "..." */

	/* filters on documents and dynamic keys */
	bool		json_lists;		/* j["k"] in [...] */
	bool		json_strict;	/* a JSON true does not equal the number 1 */
	bool		json_floats;	/* a dynamic key can be compared with a float,
								 * however large the whole numbers it has
								 * elsewhere */
	bool		json_integers;	/* an integer beyond 2^53 is compared exactly,
								 * whatever index there is */
	bool		json_mixed_or;	/* j["k"] == 1 or j["k"] == "x" */
	bool		json_list_and_range;	/* j["k"] in [1, 2] and j["k"] >= 2,
										 * which some lose the second of */
	bool		json_exists;	/* exists j["k"] is true of a JSON null */
	bool		text_match;		/* text_match(f, "a b") */
	bool		match_minimum;	/* text_match(f, "a b",
								 * minimum_should_match=2) */
	bool		phrase_match;	/* phrase_match(f, "a b", 0) */
	bool		random_sample;	/* random_sample(0.01) */
	bool		remainders;		/* n % 7 == 5 */
	bool		json_unknown;	/* != and not in are not true where the key is
								 * missing, or of another type */

	/*
	 * concepts the server lacks: it accepts such names and silently ignores
	 * them
	 */
	bool		has_databases;	/* databases */
	bool		has_partitions; /* partitions */
	bool		nullable_fields;	/* fields can be null, vectors apart */
	bool		nullable_vectors;	/* vectors can be null */
	bool		timestamptz_fields; /* fields of type Timestamptz */
	bool		binary_vectors; /* fields of type BinaryVector */
	bool		half_vectors;	/* fields of type Float16Vector and
								 * BFloat16Vector */
	bool		sparse_vectors; /* fields of type SparseFloatVector */
	bool		int8_vectors;	/* fields of type Int8Vector */
	bool		geometry_fields;	/* fields of type Geometry */
	bool		text_fields;	/* fields of type Text */
	bool		struct_fields;	/* fields that are arrays of structs */
	bool		has_functions;	/* functions, which make one field of another */
	bool		several_vectors;	/* more than one vector field in a
									 * collection */
	bool		truncates;		/* the RPC TruncateCollection */
	bool		large_topk;		/* the property query_mode=large_topk of a
								 * collection */

	/* sizes */
	int			max_window;		/* limit of a query, topk of a search */
	int			max_vector_rows;	/* rows of a page or a batch with vectors */
	Size		max_vector_bytes;	/* of vectors in a page or a batch */

	/* reading */
	bool		run_here;		/* its reads were seen to be whole: else an
								 * empty answer is not believed at once */
	bool		sees_all_writes;	/* every read sees what was written before
									 * it */
	bool		has_timestamps; /* writes are ordered by timestamps, which
								 * reads can wait for */
	bool		iterator_waits; /* beside the key "iterator" too, a
								 * guarantee_timestamp is what a query waits
								 * for */
	bool		iterator_snapshots; /* beside the key "iterator", a
									 * guarantee_timestamp is the snapshot
									 * that is read; answers to 0 tell one as
									 * session_ts */
	bool		checks_id;		/* a query or search with a collection_id
								 * fails when the name means another
								 * collection */
	bool		counts_partition;	/* count(*) without a filter counts the
									 * named partition only */

	/* writing */
	bool		defaults_left_out;	/* a field with a default may be left out */
	bool		defaults_validity;	/* a field with a default is sent with
									 * valid_data */
	bool		json_arrays;	/* a document may be an array */
	bool		json_nulls;		/* a document may be null */
	bool		json_scalars;	/* a document may be another scalar */
	bool		upsert_replaces;	/* an upsert replaces the whole row, $meta
									 * as well */
	bool		insert_replaces;	/* an insert of a key that is there
									 * replaces the whole row */
	bool		partial_update; /* an upsert may leave fields as they are */
	bool		upsert_keeps_auto_id;	/* an upsert of a key that the server
										 * made keeps the key */
	bool		upsert_partitions;	/* an upserted row goes to the partition
									 * of its partition key; some take the
									 * primary key */
	bool		quotes_in_keys; /* a row whose key has a single quote can be
								 * replaced and deleted */
	bool		delete_by_filter;	/* a deletion by any filter, and it tells
									 * how many rows there were */
	bool		delete_in_partition;	/* a deletion reaches only the
										 * partition that it names */

	/* searching */
	bool		groups;			/* supports group_by_field (other servers
								 * silently ignore it) */
	bool		group_sizes;	/* and group_size */
	bool		rankers;		/* supports function_score */
	bool		searches_by_ids;	/* a search takes keys of rows in place of
									 * vectors */
	bool		highlights;		/* supports a highlighter */
	bool		returns_all_vectors;	/* a search can return vectors of any
										 * type, not only of floats */
	bool		range_search;	/* only neighbours within a radius */
	bool		range_steps;	/* only neighbours beyond one: a search can go
								 * on where one ended */
	bool		search_without_index;	/* a search needs no index */
} Dialect;

/*
 * The dialect of a server, in CurrentMemoryContext.  version is
 * ConnectResponse.server_info.build_tags ("v2.3.5-lite", "2.6.10",
 * "milvus_lite"), NULL when there is no server_info, as from Milvus Lite 2.
 */
extern const Dialect *dialect_find(const char *version);

/* Is it surely a Milvus of that version ("2.5", "2.6.11") or a later one? The Lites are not. */
extern bool dialect_reaches(const Dialect *dialect, const char *version);

/* Is it surely an earlier Milvus?  The Lites are not, nor is a server that does not say. */
extern bool dialect_precedes(const Dialect *dialect, const char *version);

/*
 * A flag by its name.  *since: the first Milvus that has it, NULL if none; in
 * CurrentMemoryContext.
 */
extern bool dialect_has(const Dialect *dialect, const char *flag, const char **since);

/* Its flags, one after the other from 0 on: false when there are no more. */
extern bool dialect_flag(const Dialect *dialect, int number, const char **name, bool *value, const char **source);

#endif							/* MILVUS_DIALECT_H */
