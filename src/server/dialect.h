/*
 * dialect.h
 *		What a kind of Milvus server can do, and where it differs in meaning.
 *
 * Decided once, when a connection is opened, from what the server says of
 * itself.  An unknown server gets the most cautious of everything.
 */
#ifndef MILVUS_DIALECT_H
#define MILVUS_DIALECT_H

#include "postgres.h"

typedef struct Dialect
{
	const char *name;			/* for EXPLAIN and documentation */

	/* filters */
	bool		filters;		/* filters are sent at all */
	bool		has_not;		/* not (…) */
	bool		has_is_null;	/* field is null, field is not null */
	bool		float4_rounds;	/* constants are rounded to float4 before they are compared with a FLOAT field */
	bool		float_lists;	/* a list of floats does not contain NaN */
	bool		like_infix;		/* like "%x%" and "%x", not only "x%" */
	bool		json_lists;		/* j["k"] in […] */
	bool		json_strict;	/* a JSON true does not equal the number 1 */
	bool		json_floats;	/* a dynamic key can be compared with a float, however large the whole numbers it has elsewhere */
	bool		json_exists;	/* exists j["k"] is true of a JSON null */
	bool		negative_elements;	/* array_contains(a, -1) */
	bool		zeros_differ;	/* a list with 0.0 does not contain -0.0 */
	bool		newline_escapes;	/* "\n" in a string literal is a line break */

	/* what there is: a server without them takes any name, and overlooks it */
	bool		no_databases;
	bool		no_partitions;

	/* sizes */
	int			max_window;		/* limit of a query, topk of a search */
	int			max_vector_rows;	/* rows of a page or a batch with vectors; 0: max_window */
	Size		max_vector_bytes;	/* of vectors in a page or a batch */

	/* writing */
	bool		fill_defaults;	/* a field left out must be sent with its default value */
	bool		json_refuses_arrays;	/* a document is an object, or null */
	bool		json_breaks_scalars;	/* a document is an object or an array: else it is refused, or comes back as something else */
	bool		has_timestamps; /* writes are ordered by timestamps, which reads can wait for */
	bool		insert_replaces;	/* an insert replaces the row of the same key; an upsert merges into its $meta */
	bool		partial_update; /* an upsert may leave fields as they are */
	bool		upsert_keeps_auto_id;	/* an upsert of a key that the server made keeps the key */
	bool		quotes_break_keys;	/* a row whose key has a single quote can be neither replaced nor deleted */
	bool		delete_by_filter;	/* a deletion by any filter, and it tells how many rows there were */
	bool		delete_ignores_partition;	/* a deletion reaches all partitions, whichever is named */

	/* reading */
	bool		count_ignores_partition;	/* count(*) without a filter counts the whole collection */

	/* searching */
	bool		groups;			/* group_by_field; else it is ignored without a word */
	bool		returns_float_vectors_only; /* a search fails that is to return other vectors */
	bool		range_search;	/* only neighbours within a radius */
	bool		range_steps;	/* and beyond another: a search can go on where one ended */
	bool		search_without_index;	/* a search needs no index */
} Dialect;

/*
 * The dialect of a server that calls itself so; build_tags is ConnectResponse.
 * server_info.build_tags ("v2.3.5-lite", "milvus_lite", "" for Lite 2).
 */
extern const Dialect *dialect_find(const char *build_tags);

/* Is a server that calls itself so a Milvus of that version ("2.5") or a later one? The Lites are not. */
extern bool dialect_reaches(const char *build_tags, const char *version);

/* Is it an earlier Milvus?  The Lites are not, nor is a server that does not say. */
extern bool dialect_precedes(const char *build_tags, const char *version);

#endif							/* MILVUS_DIALECT_H */
