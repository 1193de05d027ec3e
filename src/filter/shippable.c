/*
 * shippable.c
 *		Which clauses Milvus can check with exactly the same meaning.
 *
 * The reasons for each decision are in doc/pushdown.md.  Only built-in
 * operators are known; what is not recognized stays here.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_database.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "filter_private.h"
#include "words.h"

static List *compile(Compilation *c, Expr *clause, bool negated);

List *
filter_refuse(Compilation *c, const char *reason)
{
	if (c->reason == NULL)
		c->reason = reason;
	return NIL;
}

List *
filter_make_leaf(FilterNode node, AttrNumber attnum, int argument, int value)
{
	return list_make4(makeInteger(node), makeInteger(attnum), makeInteger(argument), makeInteger(value));
}

int
filter_add_value(Compilation *c, Expr *value)
{
	*c->values = lappend(*c->values, value);
	return list_length(*c->values) - 1;
}

/* Of arrays as well: varchar[] as text[]. */
Node *
filter_strip_relabel(Node *node)
{
	for (;;)
	{
		if (node && IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (node && IsA(node, ArrayCoerceExpr) &&
				 IsA(filter_strip_relabel((Node *) ((ArrayCoerceExpr *) node)->elemexpr), CaseTestExpr))
			node = (Node *) ((ArrayCoerceExpr *) node)->arg;
		else
			return node;
	}
}

AttrNumber
filter_operand_var(Compilation *c, Node *operand)
{
	Var		   *var = (Var *) filter_strip_relabel(operand);

	if (var == NULL || !IsA(var, Var) || var->varno != c->relid || var->varlevelsup != 0 || var->varattno <= 0 ||
		c->table->columns[var->varattno - 1].name == NULL)
		return 0;
	return var->varattno;
}

AttrNumber
filter_operand_column(Compilation *c, Node *operand)
{
	AttrNumber	attnum = filter_operand_var(c, operand);

	if (attnum == 0 || c->table->columns[attnum - 1].dynamic_key ||
		!filter_can_name(c->table, c->table->columns[attnum - 1].field))
		return 0;
	return attnum;
}

/* Does it depend on a row of that relation?  What a placeholder hides is not looked into. */
static bool
depends_on_relation(Node *node, void *relid)
{
	if (node == NULL)
		return false;
	if (IsA(node, PlaceHolderVar))
		return true;
	if (IsA(node, Var))
		return ((Var *) node)->varno == *(Index *) relid;
	return expression_tree_walker(node, depends_on_relation, relid);
}

/* Values of other tables are constant where they are parameters. */
bool
filter_is_constant(Compilation *c, Node *node)
{
	return !depends_on_relation(node, &c->relid) && !contain_volatile_functions(node) && !contain_subplans(node);
}

bool
filter_is_integer_type(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static bool
is_float_type(Oid type)
{
	return type == FLOAT4OID || type == FLOAT8OID;
}

bool
filter_is_text_type(Oid type)
{
	return type == TEXTOID || type == VARCHAROID;
}

FilterOperator
filter_negate(FilterOperator op)
{
	switch (op)
	{
		case FILTER_EQ:
			return FILTER_NE;
		case FILTER_NE:
			return FILTER_EQ;
		case FILTER_LT:
			return FILTER_GE;
		case FILTER_LE:
			return FILTER_GT;
		case FILTER_GT:
			return FILTER_LE;
		case FILTER_GE:
			break;
	}
	return FILTER_LT;
}

FilterOperator
filter_commute(FilterOperator op)
{
	switch (op)
	{
		case FILTER_LT:
			return FILTER_GT;
		case FILTER_LE:
			return FILTER_GE;
		case FILTER_GT:
			return FILTER_LT;
		case FILTER_GE:
			return FILTER_LE;
		default:
			return op;
	}
}

/* Only built-in operators are known. */
bool
filter_is_comparison(Oid opno, FilterOperator *op)
{
	static const char *const names[] = {
		[FILTER_EQ] = "=", [FILTER_NE] = "<>", [FILTER_LT] = "<", [FILTER_LE] = "<=", [FILTER_GT] = ">", [FILTER_GE] = ">="
	};
	char	   *name;

	if (opno >= FirstGenbkiObjectId)
		return false;
	name = get_opname(opno);
	for (int i = 0; name && i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
		{
			*op = (FilterOperator) i;
			return true;
		}
	}
	return false;
}

/*
 * Are texts ordered by their bytes?  Asked of the catalogs, because what
 * pg_locale.h offers differs between versions and drags in ICU's headers.
 */
bool
filter_orders_by_bytes(Oid collation)
{
	HeapTuple	tuple;
	Form_pg_database database;
	bool		result;
	Datum		name;
	bool		isnull;

	if (collation != DEFAULT_COLLATION_OID)
		return collation == C_COLLATION_OID;
	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	if (!HeapTupleIsValid(tuple))
		return false;
	database = (Form_pg_database) GETSTRUCT(tuple);
	name = SysCacheGetAttr(DATABASEOID, tuple, Anum_pg_database_datcollate, &isnull);
	result = !isnull && database->datlocprovider == COLLPROVIDER_LIBC &&
		(strcmp(TextDatumGetCString(name), "C") == 0 || strcmp(TextDatumGetCString(name), "POSIX") == 0);
	ReleaseSysCache(tuple);
	return result;
}

static bool
float_comparison_is_exact(Compilation *c, FilterOperator op, Oid column_type, Oid value_type)
{
	const Dialect *dialect = c->table->connection->dialect;

	if (!is_float_type(column_type) || !is_float_type(value_type))
		filter_refuse(c, "a floating-point field is compared with another type");
	else if ((op == FILTER_GT || op == FILTER_GE) && !dialect->has_not)
		filter_refuse(c, "NaN is above every number in PostgreSQL, and the server has no \"not\" to say so");
	else if (op == FILTER_NE && !dialect->float_lists)
		filter_refuse(c, "the server does not find NaN where it differs");
	else
		return true;
	return false;
}

bool
filter_misses_upserted(Compilation *c, const CollectionField *field)
{
	if (!field->partition_key || c->table->connection->dialect->upsert_partitions)
		return false;
	filter_refuse(c, "the server looks for a partition key in its partition, and may have put upserted rows into another");
	return true;
}

static bool
text_comparison_is_exact(Compilation *c, FilterOperator op, Oid column_type, Oid value_type, Oid collation)
{
	bool		is_equality = op == FILTER_EQ || op == FILTER_NE;

	if (!filter_is_text_type(column_type) || !filter_is_text_type(value_type))
		filter_refuse(c, "a text field is compared with another type");
	else if (is_equality && OidIsValid(collation) && !get_collation_isdeterministic(collation))
		filter_refuse(c, "the collation is not deterministic");
	else if (!is_equality && !filter_orders_by_bytes(collation))
		filter_refuse(c, "texts are ordered by another collation than \"C\"");
	else
		return true;
	return false;
}

static bool
timestamp_comparison_is_exact(Compilation *c, const TableColumn *column, Oid column_type, Oid value_type)
{
	int32		precision = column->typmod;

	(void) getBaseTypeAndTypmod(column->typeid, &precision);
	if (precision >= 0 && precision < MAX_TIMESTAMP_PRECISION)
		filter_refuse(c, "the column has timestamps rounded, the server has not");
	else if (column_type != TIMESTAMPTZOID || value_type != TIMESTAMPTZOID || !c->table->connection->dialect->timestamptz_filters)
		filter_refuse(c, "the server is not known to compare timestamps so");
	else
		return true;
	return false;
}

/*
 * May a column be compared so with a value of that type?  column_type is the
 * operator's input type on the column's side.
 */
static bool
comparison_is_exact(Compilation *c, const TableColumn *column, FilterOperator op,
					Oid column_type, Oid value_type, Oid collation)
{
	const CollectionField *field = column->field;

	if (op == FILTER_EQ && filter_misses_upserted(c, field))
		return false;
	switch (field->data_type)
	{
		case MILVUS_INT8:
		case MILVUS_INT16:
		case MILVUS_INT32:
		case MILVUS_INT64:
			if (filter_is_integer_type(column_type) && filter_is_integer_type(value_type))
				return true;
			filter_refuse(c, "an integer field is compared with another type");
			return false;
		case MILVUS_FLOAT:
		case MILVUS_DOUBLE:
			return float_comparison_is_exact(c, op, column_type, value_type);
		case MILVUS_VARCHAR:
		case MILVUS_STRING:
			return text_comparison_is_exact(c, op, column_type, value_type, collation);
		case MILVUS_BOOL:
			if (column_type == BOOLOID && value_type == BOOLOID && (op == FILTER_EQ || op == FILTER_NE))
				return true;
			filter_refuse(c, "booleans are only compared for equality");
			return false;
		case MILVUS_TIMESTAMPTZ:
			return timestamp_comparison_is_exact(c, column, column_type, value_type);
		default:
			filter_refuse(c, "the field's type is not compared by the server");
			return false;
	}
}

static List *
compile_comparison(Compilation *c, OpExpr *expr, bool negated)
{
	Node	   *left,
			   *right;
	FilterOperator op;
	AttrNumber	attnum;

	if (list_length(expr->args) != 2 || !filter_is_comparison(expr->opno, &op))
		return filter_refuse(c, "the operator is not one the server has");
	left = linitial(expr->args);
	right = lsecond(expr->args);
	attnum = filter_operand_column(c, left);
	if (attnum == 0)
	{
		attnum = filter_operand_column(c, right);
		right = left;
		left = lsecond(expr->args);
		op = filter_commute(op);
	}
	if (attnum == 0)
		return filter_refuse(c, "no operand is a field that a filter can name");
	if (!filter_is_constant(c, right))
		return filter_refuse(c, "the value is not the same for all rows");
	if (negated)
		op = filter_negate(op);
	if (!comparison_is_exact(c, &c->table->columns[attnum - 1], op,
							 exprType(left), exprType(right), expr->inputcollid))
		return NIL;
	return filter_make_leaf(FILTER_COMPARE, attnum, op, filter_add_value(c, (Expr *) right));
}

/* column = ANY (array), column <> ALL (array) */
static List *
compile_membership(Compilation *c, ScalarArrayOpExpr *expr, bool negated)
{
	Node	   *left = linitial(expr->args);
	Node	   *right = lsecond(expr->args);
	AttrNumber	attnum = filter_operand_column(c, left);
	FilterOperator op;

	if (!filter_is_comparison(expr->opno, &op) ||
		!((op == FILTER_EQ && expr->useOr) || (op == FILTER_NE && !expr->useOr)))
		return filter_refuse(c, "only = ANY and <> ALL are sent");
	if (attnum == 0)
		return filter_refuse(c, "no operand is a field that a filter can name");
	if (!filter_is_constant(c, right))
		return filter_refuse(c, "the array is not the same for all rows");
	if (c->table->columns[attnum - 1].field->data_type == MILVUS_TIMESTAMPTZ)
		return filter_refuse(c, "the server has no lists of timestamps");
	if (!c->table->connection->dialect->float_lists &&
		is_float_type(get_element_type(exprType(right))))
		return filter_refuse(c, "the server finds NaN in any list");
	/* negation: = ANY and <> ALL are each other's */
	if (!comparison_is_exact(c, &c->table->columns[attnum - 1], FILTER_EQ, exprType(left),
							 get_element_type(exprType(right)), expr->inputcollid))
		return NIL;
	return filter_make_leaf(FILTER_IN, attnum, (op == FILTER_NE) != negated, filter_add_value(c, (Expr *) right));
}

static List *
compile_boolean_column(Compilation *c, Node *operand, bool wanted)
{
	AttrNumber	attnum = filter_operand_column(c, operand);

	if (attnum == 0 || c->table->columns[attnum - 1].field->data_type != MILVUS_BOOL)
		return filter_refuse(c, "not a comparison that the server has");
	return filter_make_leaf(FILTER_BOOLEAN, attnum, wanted, 0);
}

static List *
compile_boolean_test(Compilation *c, BooleanTest *test, bool negated)
{
	AttrNumber	attnum = filter_operand_column(c, (Node *) test->arg);
	bool		is_null_test = test->booltesttype == IS_UNKNOWN || test->booltesttype == IS_NOT_UNKNOWN;
	bool		wanted = test->booltesttype == IS_TRUE || test->booltesttype == IS_NOT_FALSE;
	bool		takes_null = test->booltesttype == IS_NOT_TRUE || test->booltesttype == IS_NOT_FALSE;

	if (attnum == 0 || is_null_test)
		return filter_refuse(c, "not a comparison that the server has");
	/* IS NOT x is true of NULL, and so is the negation of IS x */
	if (takes_null != negated && c->table->columns[attnum - 1].field->nullable)
		return filter_refuse(c, "IS NOT is true of NULL, the server's comparison is not");
	return compile_boolean_column(c, (Node *) test->arg, wanted != negated);
}

/* Of which fields (exec/expression/NullExpr.cpp; measured on Lite 3). */
static bool
has_null_test(const Dialect *dialect, MilvusType type)
{
	if (type == MILVUS_TIMESTAMPTZ && !dialect->run_here && !dialect->timestamptz_filters)
		return false;
	return dialect->has_is_null && type != MILVUS_TEXT && type <= MILVUS_TIMESTAMPTZ;
}

static List *
compile_null_test(Compilation *c, NullTest *test, bool negated)
{
	AttrNumber	attnum = filter_operand_column(c, (Node *) test->arg);
	const CollectionField *field;

	if (attnum == 0 || test->argisrow)
		return filter_refuse(c, "no operand is a field that a filter can name");
	field = c->table->columns[attnum - 1].field;
	if (field->nullable && !has_null_test(c->table->connection->dialect, field->data_type))
		return filter_refuse(c, "the server has no IS NULL for this field");
	return filter_make_leaf(FILTER_NULL, attnum, (test->nulltesttype == IS_NULL) != negated, 0);
}

/* The leaves of a tree, in a List. */
static List *
collect_leaves(List *tree)
{
	FilterNode	node = intVal(linitial(tree));
	List	   *leaves = NIL;
	ListCell   *lc;

	if (node != FILTER_AND && node != FILTER_OR)
		return list_make1(tree);
	for_each_from(lc, tree, 1)
	{
		leaves = list_concat(leaves, collect_leaves(lfirst(lc)));
	}
	return leaves;
}

/* Does a leaf say that a field is one of some values (1), or none of them (-1)?  Else 0. */
static int
membership_sign(List *leaf)
{
	switch ((FilterNode) intVal(linitial(leaf)))
	{
		case FILTER_COMPARE:
			return intVal(lthird(leaf)) == FILTER_EQ ? 1 : intVal(lthird(leaf)) == FILTER_NE ? -1 : 0;
		case FILTER_IN:
			return intVal(lthird(leaf)) != 0 ? -1 : 1;
		case FILTER_BOOLEAN:
			return 1;
		case FILTER_LIKE:
			/* without a wildcard it is an equality */
			return intVal(lthird(leaf)) == PATTERN_LIKE ? 1 : intVal(lthird(leaf)) == PATTERN_NOT_LIKE ? -1 : 0;
		default:
			return 0;
	}
}

static const TableColumn *
leaf_column(const MilvusTable *table, List *leaf)
{
	return &table->columns[intVal(lsecond(leaf)) - 1];
}

static List *
path_of(List *leaf)
{
	return list_length(leaf) > 4 ? list_nth(leaf, 4) : NIL;
}

/* Two columns may have one field, or one value of a document. */
static bool
same_value(const MilvusTable *table, List *one, List *other)
{
	return leaf_column(table, one)->field == leaf_column(table, other)->field && equal(path_of(one), path_of(other));
}

/* "n in [1] or n != 1" */
static bool
are_contraries(const MilvusTable *table, List *one, List *other)
{
	return membership_sign(one) * membership_sign(other) < 0 && same_value(table, one, other);
}

/* The type of what a leaf says that a value of a document equals; InvalidOid if it says no such thing. */
static Oid
document_value_type(Compilation *c, List *leaf)
{
	FilterNode	node = intVal(linitial(leaf));
	Oid			type;

	if (node == FILTER_JSON_IN)
		return get_element_type(exprType(list_nth(*c->values, intVal(lfourth(leaf)))));
	if ((node != FILTER_JSON && node != FILTER_JSON_EXACT) || intVal(lthird(leaf)) != FILTER_EQ)
		return InvalidOid;
	type = exprType(list_nth(*c->values, intVal(lfourth(leaf))));
	return filter_is_integer_type(type) ? INT8OID : filter_is_text_type(type) ? TEXTOID :
		is_float_type(type) ? FLOAT8OID : type;
}

/* j["k"] == 1 or j["k"] == "x" */
static bool
mix_types(Compilation *c, List *one, List *other)
{
	Oid			type = document_value_type(c, one);
	Oid			other_type = document_value_type(c, other);

	return OidIsValid(type) && OidIsValid(other_type) && type != other_type && same_value(c->table, one, other);
}

/* Is it a bound of a field, or of a value of a document? */
static bool
is_bound(List *leaf)
{
	FilterNode	node = intVal(linitial(leaf));

	return (node == FILTER_COMPARE || node == FILTER_JSON) && intVal(lthird(leaf)) >= FILTER_LT;
}

/* More bounds of one value than "n < 1 or n > 5" has? */
static bool
joins_ranges(const MilvusTable *table, List *leaves)
{
	for (int i = 0; i < list_length(leaves); i++)
	{
		int			bounds = 0;

		if (!is_bound(list_nth(leaves, i)))
			continue;
		for (int j = 0; j < list_length(leaves); j++)
			bounds += is_bound(list_nth(leaves, j)) && same_value(table, list_nth(leaves, i), list_nth(leaves, j));
		if (bounds > 2)
			return true;
	}
	return false;
}

/* Does a leaf say that a value is one of some? */
static bool
is_membership(List *leaf)
{
	switch ((FilterNode) intVal(linitial(leaf)))
	{
		case FILTER_JSON:
		case FILTER_JSON_EXACT:
			return intVal(lthird(leaf)) == FILTER_EQ;
		case FILTER_JSON_IN:
			return intVal(lthird(leaf)) == 0;
		default:
			return membership_sign(leaf) > 0;
	}
}

/* j["k"] in [1, 2] and j["k"] >= 2 */
static bool
joins_list_and_range(const MilvusTable *table, List *leaves)
{
	ListCell   *lc,
			   *other;

	foreach(lc, leaves)
	{
		if (intVal(linitial(lfirst(lc))) != FILTER_JSON_IN)
			continue;
		foreach(other, leaves)
		{
			if (is_bound(lfirst(other)) && same_value(table, lfirst(lc), lfirst(other)))
				return true;
		}
	}
	return false;
}

/* The leaves that say that a value which may be null or missing is one of some. */
static List *
collect_memberships(const MilvusTable *table, List *tree)
{
	List	   *memberships = NIL;
	ListCell   *lc;

	foreach(lc, collect_leaves(tree))
	{
		if (is_membership(lfirst(lc)) && (leaf_column(table, lfirst(lc))->field->nullable || path_of(lfirst(lc))))
			memberships = lappend(memberships, lfirst(lc));
	}
	return memberships;
}

static bool
has_value_of(const MilvusTable *table, List *leaves, List *leaf)
{
	ListCell   *lc;

	foreach(lc, leaves)
	{
		if (same_value(table, lfirst(lc), leaf))
			return true;
	}
	return false;
}

/* n in [1, 2] and n in [3, 4] and n == 3, one of them in this tree? */
static bool
joins_lists(const MilvusTable *table, List *conditions, List *tree)
{
	List	   *memberships = NIL;	/* of each condition */
	ListCell   *lc,
			   *other;

	if (list_length(conditions) < 3)
		return false;
	foreach(lc, conditions)
	{
		memberships = lappend(memberships, collect_memberships(table, lfirst(lc)));
	}
	foreach(lc, collect_memberships(table, tree))
	{
		int			count = 0;

		CHECK_FOR_INTERRUPTS();
		foreach(other, memberships)
		{
			if (has_value_of(table, lfirst(other), lfirst(lc)))
				count++;
		}
		if (count > 2)
			return true;
	}
	return false;
}

/* The conditions of nested ANDs. */
static List *
collect_conditions(List *tree)
{
	List	   *conditions = NIL;
	ListCell   *lc;

	if (intVal(linitial(tree)) != FILTER_AND)
		return list_make1(tree);
	for_each_from(lc, tree, 1)
	{
		conditions = list_concat(conditions, collect_conditions(lfirst(lc)));
	}
	return conditions;
}

const char *
filter_clash(const MilvusTable *table, List *trees, List *tree)
{
	const Dialect *dialect = table->connection->dialect;
	List	   *all;

	if (dialect->json_list_and_range && dialect->and_of_lists)
		return NULL;
	all = lcons(makeInteger(FILTER_AND), lappend(list_copy(trees), tree));
	if (!dialect->json_list_and_range && joins_list_and_range(table, collect_leaves(all)))
		return "the server loses one of a list and a range of a value in a document";
	if (!dialect->and_of_lists && joins_lists(table, collect_conditions(all), tree))
		return "the server may lose one of several lists for one value";
	return NULL;
}

/* Some servers fold what an OR joins, and not all of them right. */
static bool
or_keeps_meaning(Compilation *c, List *tree)
{
	const Dialect *dialect = c->table->connection->dialect;
	List	   *leaves = collect_leaves(tree);

	if (!dialect->or_of_ranges && joins_ranges(c->table, leaves))
	{
		filter_refuse(c, "the server joins several ranges of one value, and loses ends of them");
		return false;
	}
	for (int i = 0; i < list_length(leaves); i++)
		for (int j = 0; j < i; j++)
		{
			List	   *one = list_nth(leaves, i);
			List	   *other = list_nth(leaves, j);

			if (!dialect->or_of_contraries && are_contraries(c->table, one, other))
				filter_refuse(c, "the server takes a value or its contrary for all rows, NULL too, or fails");
			else if (!dialect->json_mixed_or && mix_types(c, one, other))
				filter_refuse(c, "the server fails at values of several types for one key");
			else
				continue;
			return false;
		}
	return true;
}

static List *
compile_bool_expr(Compilation *c, BoolExpr *expr, bool negated)
{
	bool		is_and = expr->boolop == AND_EXPR;
	const char *clash;
	List	   *tree;
	ListCell   *lc;

	if (expr->boolop == NOT_EXPR)
		return compile(c, linitial(expr->args), !negated);
	tree = list_make1(makeInteger(is_and != negated ? FILTER_AND : FILTER_OR));
	foreach(lc, expr->args)
	{
		List	   *child = compile(c, lfirst(lc), negated);

		if (child == NIL)
			return NIL;
		tree = lappend(tree, child);
	}
	if (intVal(linitial(tree)) == FILTER_OR && !or_keeps_meaning(c, tree))
		return NIL;
	clash = filter_clash(c->table, NIL, tree);
	return clash ? filter_refuse(c, clash) : tree;
}

/* text_match(), phrase_match() */
static List *
compile_words(Compilation *c, FuncExpr *call, bool negated)
{
	const Dialect *dialect = c->table->connection->dialect;
	WordsFunction function = words_function(call->funcid);
	const CollectionField *field;
	AttrNumber	attnum;
	Const	   *number;
	int			text;

	if (function != WORDS_MATCH && function != WORDS_PHRASE)
		return filter_refuse(c, "not a comparison that the server has");
	attnum = filter_operand_column(c, linitial(call->args));
	if (attnum == 0)
		return filter_refuse(c, "the first argument is no column whose field a filter can name");
	if (!filter_is_constant(c, (Node *) lsecond(call->args)) || !filter_is_constant(c, (Node *) lthird(call->args)))
		return filter_refuse(c, "the words differ from row to row");
	field = c->table->columns[attnum - 1].field;
	number = lthird(call->args);
	if (!(function == WORDS_MATCH ? dialect->text_match : dialect->phrase_match))
		return filter_refuse(c, psprintf("%s cannot match words so", dialect->name));
	if (!field->matched)
		return filter_refuse(c, psprintf("field \"%s\" was made without enable_match", field->name));
	if (negated && (field->nullable || !dialect->has_not))
		return filter_refuse(c, "the server's NOT may mean another thing");
	if (function == WORDS_MATCH && !dialect->match_minimum && !(IsA(number, Const) && number->constisnull))
		return filter_refuse(c, psprintf("%s cannot ask for several of the words", dialect->name));
	text = filter_add_value(c, lsecond(call->args));
	return lappend(filter_make_leaf(FILTER_WORDS, attnum, (negated ? WORDS_HAS_NOT : WORDS_HAS) + (function == WORDS_PHRASE), text),
				   list_make1_int(filter_add_value(c, (Expr *) number)));
}

static List *
compile(Compilation *c, Expr *clause, bool negated)
{
	List	   *tree;

	if (filter_compile_contents(c, clause, negated, &tree))
		return tree;
	switch (nodeTag(clause))
	{
		case T_BoolExpr:
			return compile_bool_expr(c, (BoolExpr *) clause, negated);
		case T_OpExpr:
			return compile_comparison(c, (OpExpr *) clause, negated);
		case T_ScalarArrayOpExpr:
			return compile_membership(c, (ScalarArrayOpExpr *) clause, negated);
		case T_BooleanTest:
			return compile_boolean_test(c, (BooleanTest *) clause, negated);
		case T_NullTest:
			return compile_null_test(c, (NullTest *) clause, negated);
		case T_FuncExpr:
			return compile_words(c, (FuncExpr *) clause, negated);
		case T_Var:
		case T_RelabelType:
			return compile_boolean_column(c, (Node *) clause, !negated);
		default:
			return filter_refuse(c, "not a comparison that the server has");
	}
}

/* Why the tree can't be written exactly, as far as its values are known now; NULL if it can. */
static const char *
find_misfit(const MilvusTable *table, List *tree, List *exprs)
{
	FilterValue *values = palloc0(sizeof(FilterValue) * list_length(exprs));
	ListCell   *lc;

	foreach(lc, exprs)
	{
		FilterValue *value = &values[foreach_current_index(lc)];
		Const	   *constant = lfirst(lc);

		if (IsA(constant, Const))
		{
			value->type = constant->consttype;
			value->datum = constant->constvalue;
			value->isnull = constant->constisnull;
		}
		else
			value->placeholder = "?";
	}
	return filter_misfit(table, tree, values);
}

List *
filter_compile(const MilvusTable *table, Index relid, Expr *clause, List **values, const char **reason)
{
	Compilation c = {table, relid, values, NULL};
	const char *misfit = NULL;
	List	   *tree;

	*reason = "filters are not sent to a server of unknown version";
	if (!table->connection->dialect->filters)
		return NIL;
	tree = compile(&c, clause, false);
	if (tree && *values)
		misfit = find_misfit(table, tree, *values);
	if (misfit)
		tree = filter_refuse(&c, misfit);
	*reason = c.reason;
	return tree;
}
