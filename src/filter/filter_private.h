/*
 * filter_private.h
 *		What the files that compile filters, and those that write them, share.
 */
#ifndef MILVUS_FILTER_PRIVATE_H
#define MILVUS_FILTER_PRIVATE_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/primnodes.h"

#include "filter.h"

/* --- compiling: shippable.c, shippable_contents.c --- */

typedef struct Compilation
{
	const MilvusTable *table;
	Index		relid;
	List	  **values;
	const char *reason;
} Compilation;

/* Say why not, and return NIL; the first reason stays. */
extern List *filter_refuse(Compilation *c, const char *reason);

/*
 * Would an equality of the field miss rows that were upserted?  Then it is
 * refused.
 */
extern bool filter_misses_upserted(Compilation *c, const CollectionField *field);

extern List *filter_make_leaf(FilterNode node, AttrNumber attnum, int argument, int value);
extern int	filter_add_value(Compilation *c, Expr *value);
extern Node *filter_strip_relabel(Node *node);

/* The column an operand is, whatever a filter makes of it; 0 if it is none with a field behind it. */
extern AttrNumber filter_operand_var(Compilation *c, Node *operand);

/* The column an operand is, if a filter can name its field; else 0. */
extern AttrNumber filter_operand_column(Compilation *c, Node *operand);

/* Is it the same for all rows of the scan? */
extern bool filter_is_constant(Compilation *c, Node *node);

/* text and varchar; smallint, integer and bigint */
extern bool filter_is_text_type(Oid type);
extern bool filter_is_integer_type(Oid type);

extern bool filter_is_comparison(Oid opno, FilterOperator *op);
extern FilterOperator filter_commute(FilterOperator op);
extern FilterOperator filter_negate(FilterOperator op);

/*
 * Conditions on what is inside a field: patterns, elements, documents.  False:
 * the clause is none of these.  Else *tree is its tree, or NIL when refused.
 */
extern bool filter_compile_contents(Compilation *c, Expr *clause, bool negated, List **tree);

/* --- writing: filter.c, filter_contents.c --- */

/* what became of a node */
typedef enum Outcome
{
	WRITTEN,					/* as text */
	ALWAYS,						/* true of every row */
	NEVER,						/* true of none */
	UNSENT						/* can't be written: true for now, checked
								 * again here */
} Outcome;

typedef struct Writing
{
	const MilvusTable *table;
	const Dialect *dialect;
	const FilterValue *values;
	int			max_bytes;		/* of the text; what does not fit is left out */
	bool		recheck;
} Writing;

/*
 * Why the constants in a tree can't be sent, or NULL.  In a plan other conditions
 * stand beside it, so it may have only a part of the room; but for a list of keys,
 * which a scan cuts to pieces.
 */
extern const char *filter_misfit(const MilvusTable *table, List *tree, const FilterValue *values);

extern const char *const filter_operator_names[];

/* Write a literal, or the characters of one; false, and nothing written, if the server can't be told it. */
extern bool filter_write_characters(StringInfo out, const Dialect *dialect, const char *text, int len);
extern bool filter_write_text_datum(Writing *w, StringInfo out, Datum text);
extern bool filter_write_float(Writing *w, StringInfo out, bool is_float4, Datum datum, Oid type);

extern void filter_integer_range(MilvusType type, int64 *min, int64 *max);

extern FilterElements filter_take_elements(Datum array);

/* True of every row, except of those where the field is null. */
extern Outcome filter_write_known(Writing *w, StringInfo out, const CollectionField *field);

/* Cut out back to a length. */
extern Outcome filter_take_back(StringInfo out, int len, Outcome outcome);

/* Write a node of those of filter_compile_contents(). */
extern Outcome filter_write_contents(Writing *w, StringInfo out, List *tree);

#endif							/* MILVUS_FILTER_PRIVATE_H */
