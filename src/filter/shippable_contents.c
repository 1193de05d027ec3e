/*
 * shippable_contents.c
 *		Which conditions on what is inside a field Milvus can check with exactly
 *		the same meaning: patterns of texts, elements of arrays, values in
 *		documents.
 *
 * The reasons for each decision are in doc/pushdown.md.
 */
#include "postgres.h"

#include "catalog/pg_collation_d.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "filter_private.h"

/* built-in operators that PostgreSQL's headers give no name */
#define OID_TEXT_NOT_LIKE_OP 1210
#define OID_TEXT_STARTS_WITH_OP 3877
#define OID_JSONB_FIELD_OP 3211
#define OID_JSONB_FIELD_TEXT_OP 3477
#define OID_JSONB_CONTAINS_OP 3246
#define OID_JSONB_EXISTS_OP 3247
#define OID_JSONB_CONTAINED_OP 3250

/* integers that a float8 holds exactly, so that all numbers of JSON compare alike */
#define MAX_EXACT_INTEGER (INT64CONST(1) << 53)

/* Under the collation, are texts equal only when their bytes are? */
static bool
compares_bytes(Compilation *c, Oid collation)
{
	if (!OidIsValid(collation) || get_collation_isdeterministic(collation))
		return true;
	filter_refuse(c, "the collation is not deterministic");
	return false;
}

/* "not (...)" of a condition on a field: only where it is not true of NULL. */
static bool
may_be_negated(Compilation *c, AttrNumber attnum)
{
	const Dialect *dialect = c->table->connection->dialect;

	if (!dialect->has_not)
		filter_refuse(c, "the server has no \"not\"");
	else if (c->table->columns[attnum - 1].field->nullable && !dialect->not_excludes_null)
		filter_refuse(c, "the negation is true of NULL for the server");
	else
		return true;
	return false;
}

static List *
compile_pattern(Compilation *c, OpExpr *expr, bool negated)
{
	AttrNumber	attnum = filter_operand_column(c, linitial(expr->args));
	Node	   *pattern = lsecond(expr->args);
	bool		is_prefix = expr->opno == OID_TEXT_STARTS_WITH_OP;

	if (expr->opno == OID_TEXT_NOT_LIKE_OP)
		negated = !negated;
	if (attnum == 0 || c->table->columns[attnum - 1].field->data_type != MILVUS_VARCHAR)
		return filter_refuse(c, "no operand is a text field that a filter can name");
	if (!filter_is_constant(c, pattern))
		return filter_refuse(c, "the pattern is not the same for all rows");
	if (filter_misses_upserted(c, c->table->columns[attnum - 1].field))
		return NIL;
	if (!compares_bytes(c, expr->inputcollid) || (negated && !may_be_negated(c, attnum)))
		return NIL;
	return filter_make_leaf(FILTER_LIKE, attnum,
							is_prefix ? (negated ? PATTERN_NOT_PREFIX : PATTERN_PREFIX) :
							(negated ? PATTERN_NOT_LIKE : PATTERN_LIKE),
							filter_add_value(c, (Expr *) pattern));
}

/* Are the array field's elements compared with values of that type as PostgreSQL would? */
static bool
elements_are_comparable(Compilation *c, AttrNumber attnum, Oid type, Oid collation)
{
	MilvusType	element = c->table->columns[attnum - 1].field->element_type;

	if (element >= MILVUS_INT8 && element <= MILVUS_INT64 && filter_is_integer_type(type))
		return true;
	if (element == MILVUS_VARCHAR && filter_is_text_type(type))
		return compares_bytes(c, collation);
	filter_refuse(c, "elements of that type are not compared by the server");
	return false;
}

static bool
is_array_column(Compilation *c, AttrNumber attnum)
{
	return attnum != 0 && c->table->columns[attnum - 1].field->data_type == MILVUS_ARRAY;
}

/* value = ANY (column) */
static List *
compile_element(Compilation *c, ScalarArrayOpExpr *expr, AttrNumber attnum, bool negated)
{
	Node	   *value = linitial(expr->args);
	FilterOperator op;

	if (!filter_is_comparison(expr->opno, &op) ||
		!((op == FILTER_EQ && expr->useOr) || (op == FILTER_NE && !expr->useOr)))
		return filter_refuse(c, "only = ANY and <> ALL are sent of an array");
	if (op == FILTER_NE)
		negated = !negated;
	if (!filter_is_constant(c, value))
		return filter_refuse(c, "the value is not the same for all rows");
	if (!elements_are_comparable(c, attnum, exprType(value), expr->inputcollid) ||
		(negated && !may_be_negated(c, attnum)))
		return NIL;
	return filter_make_leaf(FILTER_ARRAY, attnum, negated ? ARRAY_HAS_NOT : ARRAY_HAS,
							filter_add_value(c, (Expr *) value));
}

/* column @> array, array <@ column, column && array */
static List *
compile_elements(Compilation *c, OpExpr *expr, bool negated)
{
	Node	   *left = linitial(expr->args);
	Node	   *right = lsecond(expr->args);
	AttrNumber	attnum = filter_operand_column(c, left);
	bool		any = expr->opno == OID_ARRAY_OVERLAP_OP;

	if (expr->opno == OID_ARRAY_CONTAINED_OP || (any && attnum == 0))
	{
		attnum = filter_operand_column(c, right);
		right = left;
	}
	if (!is_array_column(c, attnum))
		return filter_refuse(c, "no operand is an array field that a filter can name");
	if (!filter_is_constant(c, right))
		return filter_refuse(c, "the array is not the same for all rows");
	if (!elements_are_comparable(c, attnum, get_element_type(exprType(right)), expr->inputcollid) ||
		(negated && !may_be_negated(c, attnum)))
		return NIL;
	return filter_make_leaf(FILTER_ARRAY, attnum,
							any ? (negated ? ARRAY_HAS_NOT_ANY : ARRAY_HAS_ANY) :
							(negated ? ARRAY_HAS_NOT_ALL : ARRAY_HAS_ALL),
							filter_add_value(c, (Expr *) right));
}

/* The array whose cardinality() an operand is, or NULL. */
static Node *
cardinality_argument(Node *operand)
{
	FuncExpr   *function = (FuncExpr *) operand;

	return IsA(operand, FuncExpr) && function->funcid == F_CARDINALITY ? linitial(function->args) : NULL;
}

/* cardinality(column) = value */
static List *
compile_length(Compilation *c, OpExpr *expr, bool negated)
{
	Node	   *left = linitial(expr->args);
	Node	   *right = lsecond(expr->args);
	AttrNumber	attnum;
	FilterOperator op;

	if (cardinality_argument(left) == NULL)
	{
		left = right;
		right = linitial(expr->args);
	}
	attnum = filter_operand_column(c, cardinality_argument(left));
	if (!is_array_column(c, attnum))
		return filter_refuse(c, "no operand is an array field that a filter can name");
	if (negated || !filter_is_comparison(expr->opno, &op) || op != FILTER_EQ)
		return filter_refuse(c, "the number of elements is only compared for equality");
	if (c->table->columns[attnum - 1].field->nullable)
		return filter_refuse(c, "an array that is NULL has no elements for the server");
	if (!filter_is_integer_type(exprType(right)) || !filter_is_constant(c, right))
		return filter_refuse(c, "the number is not the same for all rows");
	return filter_make_leaf(FILTER_LENGTH, attnum, 0, filter_add_value(c, (Expr *) right));
}

static List *
make_json_leaf(FilterNode node, AttrNumber attnum, FilterOperator op, int value, List *path)
{
	return lappend(filter_make_leaf(node, attnum, op, value), path);
}

/* The document column that an operand is; 0 if it is none. */
static AttrNumber
document_column(Compilation *c, Node *operand)
{
	AttrNumber	attnum = filter_operand_var(c, operand);
	const TableColumn *column = attnum ? &c->table->columns[attnum - 1] : NULL;

	if (column == NULL || column->dynamic_key || column->field->data_type != MILVUS_JSON)
		return 0;
	/* $meta is a word of the filter language */
	return column->field->is_dynamic || filter_can_name(c->table, column->field) ? attnum : 0;
}

/*
 * The key of "document -> 'key'" that may stand in a path of a filter, or NULL.
 * Some separators mean more than themselves there, and a number finds an element
 * of an array.
 */
static char *
constant_key(Node *node)
{
	Const	   *key = (Const *) node;
	char	   *name;

	if (!IsA(node, Const) || key->constisnull || key->consttype != TEXTOID)
		return NULL;
	name = TextDatumGetCString(key->constvalue);
	return filter_is_identifier(name) ? name : NULL;
}

/*
 * The column and path of: a column with a dynamic key (*is_text: its type is a
 * text), or column -> 'a' -> 'b' ->> 'c'.  0 if the operand is neither.
 */
static AttrNumber
document_value(Compilation *c, Node *operand, List **path)
{
	AttrNumber	attnum = filter_operand_var(c, operand);
	OpExpr	   *access = (OpExpr *) filter_strip_relabel(operand);

	*path = NIL;
	if (attnum != 0)
	{
		const char *key = c->table->columns[attnum - 1].dynamic_key;

		if (key == NULL || !filter_is_identifier(key))
			return 0;
		*path = list_make1(makeString(pstrdup(key)));
		return attnum;
	}
	if (access == NULL || !IsA(access, OpExpr) || access->opno != OID_JSONB_FIELD_TEXT_OP)
		return 0;
	for (;;)
	{
		char	   *key = constant_key(lsecond(access->args));

		if (key == NULL)
			return 0;
		*path = lcons(makeString(key), *path);
		operand = linitial(access->args);
		if (!IsA(operand, OpExpr) || ((OpExpr *) operand)->opno != OID_JSONB_FIELD_OP)
			return document_column(c, operand);
		access = (OpExpr *) operand;
	}
}

/*
 * Is a value of a document compared with one of that type as PostgreSQL would?
 * What reads differently (a number in a text column) is the writer's to see.
 */
static bool
document_is_comparable(Compilation *c, FilterOperator op, Oid column_type, Oid type, Oid collation)
{
	if (filter_is_text_type(column_type) && filter_is_text_type(type))
	{
		if (op == FILTER_EQ)
			return compares_bytes(c, collation);
		filter_refuse(c, "texts in documents are only compared for equality");
	}
	else if (column_type == BOOLOID && type == BOOLOID)
	{
		if (op == FILTER_EQ)
			return true;
		filter_refuse(c, "booleans are only compared for equality");
	}
	else if (column_type == FLOAT8OID && !c->table->connection->dialect->json_floats)
		filter_refuse(c, "the server fails where the key has a whole number beyond 64 bits");
	else if ((filter_is_integer_type(column_type) && filter_is_integer_type(type)) ||
			 (column_type == FLOAT8OID && (type == FLOAT8OID || type == FLOAT4OID)))
	{
		if (op != FILTER_NE || c->table->connection->dialect->json_unknown)
			return true;
		filter_refuse(c, "a key that is missing differs from everything for the server");
	}
	else
		filter_refuse(c, "values of that type in documents are not compared by the server");
	return false;
}

static List *
compile_document_comparison(Compilation *c, OpExpr *expr, AttrNumber attnum, List *path,
							bool commuted, bool negated)
{
	Node	   *left = commuted ? lsecond(expr->args) : linitial(expr->args);
	Node	   *right = commuted ? linitial(expr->args) : lsecond(expr->args);
	FilterOperator op;

	if (!filter_is_comparison(expr->opno, &op))
		return filter_refuse(c, "the operator is not one the server has");
	if (commuted)
		op = filter_commute(op);
	if (negated)
		op = filter_negate(op);
	if (!filter_is_constant(c, right))
		return filter_refuse(c, "the value is not the same for all rows");
	if (!document_is_comparable(c, op, exprType(left), exprType(right), expr->inputcollid))
		return NIL;
	return make_json_leaf(FILTER_JSON, attnum, op, filter_add_value(c, (Expr *) right), path);
}

/* value of a document = ANY (array) */
static List *
compile_document_membership(Compilation *c, ScalarArrayOpExpr *expr, AttrNumber attnum, List *path, bool negated)
{
	Node	   *array = lsecond(expr->args);
	FilterOperator op;

	if (!filter_is_comparison(expr->opno, &op) ||
		!((op == FILTER_EQ && expr->useOr) || (op == FILTER_NE && !expr->useOr)))
		return filter_refuse(c, "only = ANY and <> ALL are sent");
	negated = negated != (op == FILTER_NE);
	if (!filter_is_constant(c, array))
		return filter_refuse(c, "the array is not the same for all rows");
	if (!document_is_comparable(c, negated ? FILTER_NE : FILTER_EQ, exprType(linitial(expr->args)),
								get_element_type(exprType(array)), expr->inputcollid))
		return NIL;
	return make_json_leaf(FILTER_JSON_IN, attnum, negated, filter_add_value(c, (Expr *) array), path);
}

/* The scalar of a document as a constant that a filter compares with, or NULL. */
static Const *
scalar_constant(Compilation *c, const JsonbValue *scalar)
{
	if (scalar->type == jbvString)
		return makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
						 PointerGetDatum(cstring_to_text_with_len(scalar->val.string.val, scalar->val.string.len)),
						 false, false);
	/* else true finds 1 as well, and a number its boolean */
	if (!c->table->connection->dialect->json_strict)
		return NULL;
	if (scalar->type == jbvBool)
		return (Const *) makeBoolConst(scalar->val.boolean, false);
	if (scalar->type == jbvNumeric)
	{
		char	   *digits = numeric_normalize(scalar->val.numeric);
		int64		number = strtoll(digits, NULL, 10);

		if (strspn(digits, "-0123456789") == strlen(digits) && strlen(digits) <= 17 &&
			number <= MAX_EXACT_INTEGER && number >= -MAX_EXACT_INTEGER)
			return makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(number), false, FLOAT8PASSBYVAL);
	}
	return NULL;
}

/* column @> document: every scalar of it, under its path; false if one can't be said. */
static bool
add_contained(Compilation *c, AttrNumber attnum, JsonbContainer *container, List *path, List **trees)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *key = NULL;

	if (!JsonContainerIsObject(container) || JsonContainerSize(container) == 0)
		return false;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		List	   *inner;
		Const	   *constant;

		if (token == WJB_KEY)
		{
			key = pnstrdup(value.val.string.val, value.val.string.len);
			if (!filter_is_identifier(key))
				return false;
		}
		if (token != WJB_VALUE)
			continue;
		inner = lappend(list_copy(path), makeString(key));
		if (value.type == jbvBinary)
		{
			if (!add_contained(c, attnum, value.val.binary.data, inner, trees))
				return false;
			continue;
		}
		constant = scalar_constant(c, &value);
		if (constant == NULL)
			return false;
		*trees = lappend(*trees, make_json_leaf(FILTER_JSON_EXACT, attnum, FILTER_EQ,
												filter_add_value(c, (Expr *) constant), inner));
	}
	return true;
}

static List *
compile_containment(Compilation *c, OpExpr *expr, bool negated)
{
	bool		commuted = expr->opno == OID_JSONB_CONTAINED_OP;
	AttrNumber	attnum = document_column(c, commuted ? lsecond(expr->args) : linitial(expr->args));
	Const	   *document = commuted ? linitial(expr->args) : lsecond(expr->args);
	List	   *trees = NIL;

	if (attnum == 0)
		return filter_refuse(c, "no operand is a document that a filter can name");
	if (negated || !IsA(document, Const) || document->constisnull)
		return filter_refuse(c, "only a constant document is looked for");
	if (!add_contained(c, attnum, &DatumGetJsonbP(document->constvalue)->root, NIL, &trees))
		return filter_refuse(c, "the document has parts that the server would compare differently");
	return lcons(makeInteger(FILTER_AND), trees);
}

static List *
compile_existence(Compilation *c, OpExpr *expr, bool negated)
{
	AttrNumber	attnum = document_column(c, linitial(expr->args));
	char	   *key = constant_key(lsecond(expr->args));

	if (attnum == 0 || key == NULL || negated)
		return filter_refuse(c, "only a plain key is looked for");
	if (!c->table->connection->dialect->json_exists)
		return filter_refuse(c, "the server does not find a key whose value is null");
	return make_json_leaf(FILTER_JSON_EXISTS, attnum, 0, -1, list_make1(makeString(key)));
}

static List *
compile_inner_operator(Compilation *c, OpExpr *expr, bool negated, bool *known)
{
	Node	   *left = linitial(expr->args);
	Node	   *right = lsecond(expr->args);
	List	   *path;
	AttrNumber	attnum;

	*known = true;
	switch (expr->opno)
	{
		case OID_TEXT_LIKE_OP:
		case OID_TEXT_NOT_LIKE_OP:
		case OID_TEXT_STARTS_WITH_OP:
			return compile_pattern(c, expr, negated);
		case OID_ARRAY_CONTAINS_OP:
		case OID_ARRAY_CONTAINED_OP:
		case OID_ARRAY_OVERLAP_OP:
			return compile_elements(c, expr, negated);
		case OID_JSONB_CONTAINS_OP:
		case OID_JSONB_CONTAINED_OP:
			return compile_containment(c, expr, negated);
		case OID_JSONB_EXISTS_OP:
			return compile_existence(c, expr, negated);
		default:
			break;
	}
	if (cardinality_argument(left) || cardinality_argument(right))
		return compile_length(c, expr, negated);
	if ((attnum = document_value(c, left, &path)) != 0)
		return compile_document_comparison(c, expr, attnum, path, false, negated);
	if ((attnum = document_value(c, right, &path)) != 0)
		return compile_document_comparison(c, expr, attnum, path, true, negated);
	*known = false;
	return NIL;
}

/* A boolean of a document as a condition of its own. */
static List *
compile_document_boolean(Compilation *c, AttrNumber attnum, List *path, bool wanted)
{
	return make_json_leaf(FILTER_JSON, attnum, FILTER_EQ,
						  filter_add_value(c, (Expr *) makeBoolConst(wanted, false)), path);
}

bool
filter_compile_contents(Compilation *c, Expr *clause, bool negated, List **tree)
{
	List	   *path;
	AttrNumber	attnum;
	bool		known = false;

	*tree = NIL;
	if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
		*tree = compile_inner_operator(c, (OpExpr *) clause, negated, &known);
	else if (IsA(clause, ScalarArrayOpExpr))
	{
		ScalarArrayOpExpr *expr = (ScalarArrayOpExpr *) clause;

		attnum = filter_operand_column(c, lsecond(expr->args));
		known = true;
		if (is_array_column(c, attnum))
			*tree = compile_element(c, expr, attnum, negated);
		else if ((attnum = document_value(c, linitial(expr->args), &path)) != 0)
			*tree = compile_document_membership(c, expr, attnum, path, negated);
		else
			known = false;
	}
	else if (IsA(clause, Var) && (attnum = document_value(c, (Node *) clause, &path)) != 0 &&
			 c->table->columns[attnum - 1].typeid == BOOLOID)
	{
		*tree = compile_document_boolean(c, attnum, path, !negated);
		known = true;
	}
	else if (IsA(clause, BooleanTest) && !negated &&
			 (((BooleanTest *) clause)->booltesttype == IS_TRUE || ((BooleanTest *) clause)->booltesttype == IS_FALSE) &&
			 (attnum = document_value(c, (Node *) ((BooleanTest *) clause)->arg, &path)) != 0)
	{
		*tree = compile_document_boolean(c, attnum, path, ((BooleanTest *) clause)->booltesttype == IS_TRUE);
		known = true;
	}
	return known;
}
