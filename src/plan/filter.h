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
	FILTER_NULL					/* attnum, wanted */
} FilterNode;

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

/* one value of an execution */
typedef struct FilterValue
{
	Oid			type;
	Datum		datum;
	bool		isnull;
	const char *placeholder;	/* for EXPLAIN: written in its stead; NULL: the datum holds */
} FilterValue;

typedef struct FilterText
{
	bool		never;			/* no row can pass */
	bool		recheck;		/* rows must be checked here again */
	char	   *text;			/* "" : all rows */
} FilterText;

/* Write the conjunction of trees. The text is allocated in CurrentMemoryContext. */
extern FilterText filter_write(const MilvusTable *table, List *trees, const FilterValue *values);

/* May the field be named in a filter? */
extern bool filter_can_name(const CollectionField *field);

/* A key as a literal; false when it can't be written. */
extern bool filter_write_key(const MilvusTable *table, StringInfo out, bool is_text,
							 int64 integer, const char *utf8, int len);

#endif							/* MILVUS_FILTER_H */
