/*
 * filter.h
 *		Conditions that Milvus can check: found in clauses, written as expressions.
 *
 * filter_compile() turns a clause into a tree in negation normal form, made of
 * Lists so that it can travel in a plan; the values that fields are compared
 * with stay expressions beside it.  filter_write() writes the tree with the
 * values of one execution.
 *
 * In a WHERE clause unknown counts as false, and without a NOT above the
 * leaves it stays so: a leaf that compares with NULL may be taken as false, and
 * one that can't be written may be left out as true if the rows are checked
 * again here.
 */
#ifndef MILVUS_FILTER_H
#define MILVUS_FILTER_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "remote/table.h"

/* a tree: a List whose first member is an Integer of this */
typedef enum FilterNode
{
	FILTER_AND,					/* trees */
	FILTER_OR,					/* trees */
	FILTER_COMPARE,				/* attnum, FilterOperator, index of the value */
	FILTER_IN,					/* attnum, negated, index of the array */
	FILTER_BOOLEAN,				/* attnum, wanted */
	FILTER_NULL,				/* attnum, wanted */

	/* of what is inside a field: shippable_contents.c, filter_contents.c */
	FILTER_LIKE,				/* attnum, FilterPattern, index of the pattern */
	FILTER_ARRAY,				/* attnum, FilterArrayTest, index of the
								 * element or array */
	FILTER_LENGTH,				/* attnum, unused, index of the number of
								 * elements */
	FILTER_JSON,				/* attnum, FilterOperator, index of the value,
								 * path: Strings */
	FILTER_JSON_IN,				/* attnum, negated, index of the array, path */
	FILTER_JSON_EXACT,			/* as FILTER_JSON, but a text equals strings
								 * only, not what reads so */
	FILTER_JSON_EXISTS,			/* attnum, unused, unused, path */
	FILTER_WORDS				/* attnum, FilterWords, index of the text,
								 * list of the index of the number; sent or
								 * refused, see words.h */
} FilterNode;

typedef enum FilterPattern
{
	PATTERN_LIKE,
	PATTERN_PREFIX,				/* the value is one, without wildcards */
	PATTERN_NOT_LIKE,
	PATTERN_NOT_PREFIX
} FilterPattern;

typedef enum FilterArrayTest
{
	ARRAY_HAS,					/* the value is an element */
	ARRAY_HAS_ALL,				/* the value is an array */
	ARRAY_HAS_ANY,
	ARRAY_HAS_NOT,
	ARRAY_HAS_NOT_ALL,
	ARRAY_HAS_NOT_ANY
} FilterArrayTest;

typedef enum FilterWords
{
	WORDS_HAS,					/* one of the words, or that many */
	WORDS_HAS_PHRASE,			/* them all in a row, with so many between */
	WORDS_HAS_NOT,
	WORDS_HAS_NOT_PHRASE
} FilterWords;

typedef enum FilterOperator
{
	FILTER_EQ,
	FILTER_NE,
	FILTER_LT,
	FILTER_LE,
	FILTER_GT,
	FILTER_GE
} FilterOperator;

/*
 * The tree of a clause on relation relid, or NIL when it (or part of it) can't
 * be sent with exactly the same meaning; *reason then says why.  Values are
 * appended to *values, also when NIL is returned.
 */
extern List *filter_compile(const MilvusTable *table, Index relid, Expr *clause,
							List **values, const char **reason);

/*
 * Why a tree cannot be sent beside others, all of which must hold; NULL if it
 * can.  Some servers lose a part of certain conditions on one value.
 */
extern const char *filter_clash(const MilvusTable *table, List *trees, List *tree);

/* one value of an execution */
typedef struct FilterValue
{
	Oid			type;
	Datum		datum;
	bool		isnull;
	const char *placeholder;	/* for EXPLAIN: written in its stead; NULL:
								 * the datum holds */
} FilterValue;

typedef struct FilterText
{
	bool		never;			/* no row can pass */
	bool		recheck;		/* rows must be checked here again: a part
								 * cannot be written, or is too large */
	int64		most;			/* no more rows can pass, because their keys
								 * are named; PG_INT64_MAX: they are not */
	char	   *text;			/* "" : all rows */
} FilterText;

/* A filter's text, or a part of it, in the database's encoding. */
extern const char *filter_shown(const char *text);

/* The error where recheck is no way out. */
extern _Noreturn void filter_raise_too_large(const MilvusTable *table);

/* Write the conjunction of trees. The text is allocated in CurrentMemoryContext. */
extern FilterText filter_write(const MilvusTable *table, List *trees, const FilterValue *values);

/*
 * Will the trees be written whole, whatever those of their values are that are
 * not known yet?
 */
extern bool filter_is_always_written(const MilvusTable *table, List *trees, List *values);

/* Are texts ordered by their bytes under that collation? */
extern bool filter_orders_by_bytes(Oid collation);

/* Is it an identifier to Milvus: ASCII letters, digits and underscores, no digit first (Plan.g4)? */
extern bool filter_is_identifier(const char *name);

/* May the field be named in a filter? */
extern bool filter_can_name(const MilvusTable *table, const CollectionField *field);

/* The elements of an array value, with their type. */
typedef struct FilterElements
{
	Oid			type;
	int			count;
	Datum	   *datums;
	bool	   *nulls;
} FilterElements;

/* Does a tree name more keys than so many, of which a row must have one?  Then these. */
extern bool filter_key_values(const MilvusTable *table, List *tree, const FilterValue *values, int more_than,
							  FilterElements *elements);

extern int64 filter_integer_value(Datum datum, Oid type);

/* A text in UTF-8; it may point into the datum. */
extern FlatSlice filter_utf8_text(Datum text);

/* A key as a literal; false when it can't be written. */
extern bool filter_write_key(const MilvusTable *table, StringInfo out, bool is_text,
							 int64 integer, const char *utf8, int len);

#endif							/* MILVUS_FILTER_H */
