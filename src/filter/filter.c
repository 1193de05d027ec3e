/*
 * filter.c
 *		Filter trees written in Milvus' expression language.
 *
 * The grammar is Plan.g4 of Milvus; what each server makes of it was measured
 * (doc/pushdown.md).  Must not know where the values come from.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "filter_private.h"

/* 0001-01-01 and 10000-01-01 UTC */
#define FIRST_TIMESTAMP ((INT64CONST(1721426) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)
#define LAST_TIMESTAMP ((INT64CONST(5373485) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

/*
 * Most bytes of a filter: Milvus takes messages of 64 MB (grpc.serverMaxRecvSize).
 * And of a constant, which must leave room for others.
 */
#define MAX_FILTER_BYTES (48 * 1024 * 1024)
#define MAX_CONSTANT_BYTES (4 * 1024 * 1024)
/* values that a list may have, however small the table */
#define LONG_LIST 1000
/* keys that a scan asks for in pieces: of more of them it is better to read the table */
#define MAX_KEYS 10000000

static Outcome write_node(Writing *w, StringInfo out, List *tree);

const char *const filter_operator_names[] = {
	[FILTER_EQ] = "==", [FILTER_NE] = "!=", [FILTER_LT] = "<", [FILTER_LE] = "<=", [FILTER_GT] = ">", [FILTER_GE] = ">="
};

StaticAssertDecl(lengthof(filter_operator_names) == FILTER_GE + 1, "a name for each operator");

/*
 * Words of the grammar, which no field may be called where a filter names it,
 * and the first Milvus that has them (Plan.g4); 0: taken to be in all.
 */
static const struct
{
	const char *word;
	int			since;
}			reserved_words[] = {
	{"and"}, {"or"}, {"not"}, {"in"}, {"like"}, {"exists"}, {"is"}, {"null"}, {"true"}, {"false"},
	{"json_contains"}, {"json_contains_all"}, {"json_contains_any"}, {"array_contains"},
	{"array_contains_all"}, {"array_contains_any"}, {"array_length"}, {"text_match"}, {"phrase_match"},
	{"random_sample"}, {"interval"}, {"iso"}, {"isnull"}, {"isnotnull"}, {"st_isvalid"},
	{"st_equals", MILVUS_VERSION(2, 5, 0)}, {"st_touches", MILVUS_VERSION(2, 5, 0)},
	{"st_overlaps", MILVUS_VERSION(2, 5, 0)}, {"st_crosses", MILVUS_VERSION(2, 5, 0)},
	{"st_contains", MILVUS_VERSION(2, 5, 0)}, {"st_intersects", MILVUS_VERSION(2, 5, 0)},
	{"st_within", MILVUS_VERSION(2, 5, 0)}, {"st_dwithin", MILVUS_VERSION(2, 5, 0)},
	{"minimum_should_match", MILVUS_VERSION(2, 6, 8)},
	{"threshold", MILVUS_VERSION(3, 0, 0)}, {"element_filter", MILVUS_VERSION(3, 0, 0)},
	{"match_all", MILVUS_VERSION(3, 0, 0)}, {"match_any", MILVUS_VERSION(3, 0, 0)},
	{"match_least", MILVUS_VERSION(3, 0, 0)}, {"match_most", MILVUS_VERSION(3, 0, 0)},
	{"match_exact", MILVUS_VERSION(3, 0, 0)}, {"text_match_fuzzy", MILVUS_VERSION(3, 0, 0)}
};

/* A grammar that was not read is taken to have all the words. */
static bool
is_reserved(const Dialect *dialect, const char *name)
{
	for (int i = 0; i < lengthof(reserved_words); i++)
		if (pg_strcasecmp(name, reserved_words[i].word) == 0)
			return dialect->newest == 0 || dialect->newest >= reserved_words[i].since;
	return false;
}

bool
filter_is_identifier(const char *name)
{
	return name[0] != '\0' && !(name[0] >= '0' && name[0] <= '9') &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
}

bool
filter_can_name(const MilvusTable *table, const CollectionField *field)
{
	return filter_is_identifier(field->name) && !is_reserved(table->connection->dialect, field->name);
}

Outcome
filter_take_back(StringInfo out, int len, Outcome outcome)
{
	out->len = len;
	out->data[len] = '\0';
	return outcome;
}

/*
 * In UTF-8.  But line breaks every character may stand for itself, except that
 * Milvus' parser takes Han characters beyond 16 bits for others (utils.go,
 * convertHanToASCII) unless they are escaped.
 */
bool
filter_write_characters(StringInfo out, const Dialect *dialect, const char *text, int len)
{
	int			start = out->len;

	for (int i = 0; i < len; i++)
	{
		unsigned char ch = (unsigned char) text[i];

		if (ch == '"' || ch == '\\')
			appendStringInfo(out, "\\%c", ch);
		else if ((ch == '\n' || ch == '\r') && dialect->newline_escapes)
			appendStringInfoString(out, ch == '\n' ? "\\n" : "\\r");
		else if (ch == '\n' || ch == '\r')
		{
			filter_take_back(out, start, UNSENT);
			return false;
		}
		else if (ch >= 0xf0 && dialect->wide_escapes && i + 3 < len)
		{
			appendStringInfo(out, "\\U%08x", (unsigned) utf8_to_unicode((const unsigned char *) text + i));
			i += 3;
		}
		else
			appendStringInfoChar(out, ch);
	}
	return true;
}

static bool
write_text(StringInfo out, const Dialect *dialect, const char *text, int len)
{
	int			start = out->len;

	appendStringInfoChar(out, '"');
	if (!filter_write_characters(out, dialect, text, len))
	{
		filter_take_back(out, start, UNSENT);
		return false;
	}
	appendStringInfoChar(out, '"');
	return true;
}

FlatSlice
filter_utf8_text(Datum datum)
{
	text	   *value = DatumGetTextPP(datum);
	int			len;
	char	   *utf8 = codec_to_utf8(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &len);

	return (FlatSlice) {(const uint8 *) utf8, (size_t) len};
}

bool
filter_write_text_datum(Writing *w, StringInfo out, Datum datum)
{
	FlatSlice	utf8 = filter_utf8_text(datum);

	return write_text(out, w->dialect, (const char *) utf8.data, (int) utf8.len);
}

bool
filter_write_key(const MilvusTable *table, StringInfo out, bool is_text,
				 int64 integer, const char *utf8, int len)
{
	if (is_text)
		return write_text(out, table->connection->dialect, utf8, len);
	/* the lowest number does not parse */
	if (integer == PG_INT64_MIN)
		return false;
	appendStringInfo(out, INT64_FORMAT, integer);
	return true;
}

int64
filter_integer_value(Datum datum, Oid type)
{
	return type == INT2OID ? DatumGetInt16(datum) :
		type == INT4OID ? DatumGetInt32(datum) : DatumGetInt64(datum);
}

void
filter_integer_range(MilvusType type, int64 *min, int64 *max)
{
	*max = milvus_type(type)->max;
	*min = -*max - 1;
}

Outcome
filter_write_known(Writing *w, StringInfo out, const CollectionField *field)
{
	if (!field->nullable)
		return ALWAYS;
	if (!w->dialect->has_is_null)
		return UNSENT;
	appendStringInfo(out, "%s is not null", field->name);
	return WRITTEN;
}

static Outcome
write_integer_comparison(Writing *w, StringInfo out, const CollectionField *field,
						 FilterOperator op, int64 value)
{
	int64		min,
				max;

	filter_integer_range(field->data_type, &min, &max);
	if (value < min || value > max)
	{
		bool		above = value > max;

		if (op == FILTER_EQ || (above && (op == FILTER_GT || op == FILTER_GE)) ||
			(!above && (op == FILTER_LT || op == FILTER_LE)))
			return NEVER;
		return filter_write_known(w, out, field);
	}
	if (value == PG_INT64_MIN)
	{
		/* -9223372036854775808 does not parse: say it by its neighbour */
		if (op == FILTER_LT)
			return NEVER;
		if (op == FILTER_GE)
			return filter_write_known(w, out, field);
		op = op == FILTER_EQ || op == FILTER_LE ? FILTER_LT : FILTER_GE;
		value++;
	}
	appendStringInfo(out, "%s %s " INT64_FORMAT, field->name, filter_operator_names[op], value);
	return WRITTEN;
}

/* Can no row have this value, because it is outside of the field's range, or between its values? */
static bool
out_of_range(const CollectionField *field, Datum datum, Oid type)
{
	int64		min,
				max,
				value;

	if (field->data_type == MILVUS_FLOAT && type == FLOAT8OID)
	{
		double		number = DatumGetFloat8(datum);

		return !isnan(number) && (double) (float4) number != number;
	}
	filter_integer_range(field->data_type, &min, &max);
	if (max == 0 || max == PG_INT64_MAX)
		return false;
	value = filter_integer_value(datum, type);
	return value < min || value > max;
}

/* A float literal that means exactly this number to the server. */
bool
filter_write_float(Writing *w, StringInfo out, bool is_float4, Datum datum, Oid type)
{
	double		value = type == FLOAT4OID ? (double) DatumGetFloat4(datum) : DatumGetFloat8(datum);
	char	   *text;

	if (isnan(value) || isinf(value))
		return false;
	/* such a server compares with the nearest float4 */
	if (is_float4 && !w->dialect->float4_exact && (double) (float4) value != value)
		return false;
	text = psprintf("%.17g", value);
	/* a whole number must not look like an integer */
	appendStringInfo(out, strpbrk(text, ".e") ? "%s" : "%s.0", text);
	return true;
}

static Outcome
write_float_comparison(Writing *w, StringInfo out, const CollectionField *field,
					   FilterOperator op, Datum datum, Oid type)
{
	int			start = out->len;

	if ((op == FILTER_EQ || op == FILTER_NE) && out_of_range(field, datum, type))
		return op == FILTER_EQ ? NEVER : filter_write_known(w, out, field);

	/*
	 * NaN is above every number here, and below none there: x > c is not (x
	 * <= c)
	 */
	if (op == FILTER_GT || op == FILTER_GE)
		appendStringInfo(out, "not (%s %s ", field->name, op == FILTER_GT ? "<=" : "<");
	else
		appendStringInfo(out, "%s %s ", field->name, filter_operator_names[op]);
	if (!filter_write_float(w, out, field->data_type == MILVUS_FLOAT, datum, type))
		return filter_take_back(out, start, UNSENT);
	if (op == FILTER_GT || op == FILTER_GE)
		appendStringInfoChar(out, ')');
	return WRITTEN;
}

static Outcome
write_text_comparison(Writing *w, StringInfo out, const CollectionField *field,
					  FilterOperator op, Datum datum)
{
	int			start = out->len;

	appendStringInfo(out, "%s %s ", field->name, filter_operator_names[op]);
	return filter_write_text_datum(w, out, datum) ? WRITTEN : filter_take_back(out, start, UNSENT);
}

/* In UTC, with four digits of the year as RFC 3339 has them (pkg/util/timestamptz). */
static Outcome
write_timestamp_comparison(StringInfo out, const CollectionField *field, FilterOperator op, TimestampTz value)
{
	char		text[MAXDATELEN + 1];
	const int	utc = 0;

	if (TIMESTAMP_NOT_FINITE(value) || value < FIRST_TIMESTAMP || value >= LAST_TIMESTAMP)
		return UNSENT;
	JsonEncodeDateTime(text, TimestampTzGetDatum(value), TIMESTAMPTZOID, &utc);
	appendStringInfo(out, "%s %s ISO \"%s\"", field->name, filter_operator_names[op], text);
	return WRITTEN;
}

static Outcome
write_value_comparison(Writing *w, StringInfo out, const CollectionField *field,
					   FilterOperator op, Datum datum, Oid type)
{
	switch ((MilvusType) field->data_type)
	{
		case MILVUS_BOOL:
			appendStringInfo(out, "%s == %s", field->name,
							 DatumGetBool(datum) == (op == FILTER_EQ) ? "true" : "false");
			return WRITTEN;
		case MILVUS_FLOAT:
		case MILVUS_DOUBLE:
			return write_float_comparison(w, out, field, op, datum, type);
		case MILVUS_STRING:
		case MILVUS_VARCHAR:
			return write_text_comparison(w, out, field, op, datum);
		case MILVUS_TIMESTAMPTZ:
			return write_timestamp_comparison(out, field, op, DatumGetTimestampTz(datum));
		default:
			return write_integer_comparison(w, out, field, op, filter_integer_value(datum, type));
	}
}

static Outcome
write_comparison(Writing *w, StringInfo out, List *tree)
{
	const CollectionField *field = w->table->columns[intVal(lsecond(tree)) - 1].field;
	FilterOperator op = intVal(lthird(tree));
	const FilterValue *value = &w->values[intVal(lfourth(tree))];

	if (value->placeholder)
	{
		appendStringInfo(out, "%s %s %s", field->name, filter_operator_names[op], value->placeholder);
		return WRITTEN;
	}
	if (value->isnull)
		return NEVER;
	return write_value_comparison(w, out, field, op, value->datum, value->type);
}

/* One value of a list; false when it can't stand in one. */
static bool
write_member(Writing *w, StringInfo out, const CollectionField *field, Datum datum, Oid type)
{
	switch ((MilvusType) field->data_type)
	{
		case MILVUS_BOOL:
			appendStringInfoString(out, DatumGetBool(datum) ? "true" : "false");
			return true;
		case MILVUS_FLOAT:
		case MILVUS_DOUBLE:
			if (!w->dialect->zeros_equal && (type == FLOAT4OID ? DatumGetFloat4(datum) : DatumGetFloat8(datum)) == 0)
			{
				appendStringInfoString(out, "0.0,-0.0");
				return true;
			}
			return filter_write_float(w, out, field->data_type == MILVUS_FLOAT, datum, type);
		case MILVUS_STRING:
		case MILVUS_VARCHAR:
			return filter_write_text_datum(w, out, datum);
		default:
			{
				int64		value = filter_integer_value(datum, type);

				if (value == PG_INT64_MIN)
					return false;
				appendStringInfo(out, INT64_FORMAT, value);
				return true;
			}
	}
}

static int
count_elements(Datum datum)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);

	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

FilterElements
filter_take_elements(Datum datum)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	FilterElements elements = {.type = ARR_ELEMTYPE(array)};
	int16		typlen;
	bool		typbyval;
	char		typalign;

	get_typlenbyvalalign(elements.type, &typlen, &typbyval, &typalign);
	deconstruct_array(array, elements.type, typlen, typbyval, typalign,
					  &elements.datums, &elements.nulls, &elements.count);
	return elements;
}

/*
 * The members of a list, with commas between them; how many, or -1 where they
 * cannot all be sent.  Of "not in" one may be left out, which only lets more rows
 * through.  NULL is never equal, and skipped.
 */
static int
write_members(Writing *w, StringInfo list, const CollectionField *field, const FilterElements *elements, bool negated)
{
	int			members = 0;

	for (int i = 0; i < elements->count; i++)
	{
		int			start = list->len;

		if (elements->nulls[i] || out_of_range(field, elements->datums[i], elements->type))
			continue;
		if (list->len > w->max_bytes)
			return -1;
		if (members > 0)
			appendStringInfoChar(list, ',');
		if (write_member(w, list, field, elements->datums[i], elements->type))
			members++;
		else if (negated)
		{
			w->recheck = true;
			filter_take_back(list, start, UNSENT);
		}
		else
			return -1;
	}
	return members;
}

/* "not in" alone is true of null on some servers. */
static Outcome
write_not_in(Writing *w, StringInfo out, const CollectionField *field, const char *list)
{
	if (field->nullable && w->dialect->has_is_null)
		appendStringInfo(out, "(%s not in [%s] and %s is not null)", field->name, list, field->name);
	else if (!field->nullable || w->dialect->not_excludes_null)
		appendStringInfo(out, "%s not in [%s]", field->name, list);
	else
		return UNSENT;
	return WRITTEN;
}

static bool
has_null(const FilterElements *elements)
{
	for (int i = 0; i < elements->count; i++)
		if (elements->nulls[i])
			return true;
	return false;
}

static Outcome
write_membership(Writing *w, StringInfo out, List *tree)
{
	const CollectionField *field = w->table->columns[intVal(lsecond(tree)) - 1].field;
	bool		negated = intVal(lthird(tree)) != 0;
	const FilterValue *value = &w->values[intVal(lfourth(tree))];
	StringInfoData list;
	FilterElements elements;
	int			members;
	Outcome		outcome = WRITTEN;

	if (value->placeholder)
	{
		appendStringInfo(out, "%s %s %s", field->name, negated ? "not in" : "in", value->placeholder);
		return WRITTEN;
	}
	if (value->isnull)
		return NEVER;
	/* each takes two bytes at least */
	if (count_elements(value->datum) > w->max_bytes / 2)
		return UNSENT;
	elements = filter_take_elements(value->datum);

	/*
	 * of an empty array: = ANY is false, <> ALL is true, whatever the field,
	 * even NULL
	 */
	if (elements.count == 0)
		return negated ? ALWAYS : NEVER;
	/* nothing is known to differ from it */
	if (negated && has_null(&elements))
		return NEVER;
	initStringInfo(&list);
	members = write_members(w, &list, field, &elements, negated);
	if (members < 0)
		outcome = UNSENT;
	else if (members == 0)
		outcome = negated ? filter_write_known(w, out, field) : NEVER;
	else if (negated)
		outcome = write_not_in(w, out, field, list.data);
	else
		appendStringInfo(out, "%s in [%s]", field->name, list.data);
	pfree(list.data);
	return outcome;
}

static Outcome
write_null_test(Writing *w, StringInfo out, List *tree)
{
	const CollectionField *field = w->table->columns[intVal(lsecond(tree)) - 1].field;
	bool		wanted = intVal(lthird(tree)) != 0;

	if (!field->nullable)
		return wanted ? NEVER : ALWAYS;
	appendStringInfo(out, "%s is %snull", field->name, wanted ? "" : "not ");
	return WRITTEN;
}

static Outcome
write_boolean(Writing *w, StringInfo out, List *tree)
{
	appendStringInfo(out, "%s == %s", w->table->columns[intVal(lsecond(tree)) - 1].field->name,
					 intVal(lthird(tree)) != 0 ? "true" : "false");
	return WRITTEN;
}

/* as many stand side by side: Milvus' parser takes time with the square of a longer chain */
#define MAX_CHAIN 32

/* Join the parts from first up to last, long chains as balanced trees. */
static void
join_parts(StringInfo out, List *parts, int first, int last, const char *separator)
{
	int			middle = first + (last - first) / 2;

	if (last - first <= MAX_CHAIN)
	{
		for (int i = first; i < last; i++)
			appendStringInfo(out, "%s%s", i > first ? separator : "", (char *) list_nth(parts, i));
		return;
	}
	appendStringInfoChar(out, '(');
	join_parts(out, parts, first, middle, separator);
	appendStringInfo(out, ")%s(", separator);
	join_parts(out, parts, middle, last, separator);
	appendStringInfoChar(out, ')');
}

/* AND or OR of the trees from a cell on. */
static Outcome
write_group(Writing *w, StringInfo out, bool is_and, List *trees, int first)
{
	List	   *parts = NIL;
	Outcome		deciding = is_and ? NEVER : ALWAYS;
	bool		unsent = false;
	int			start = out->len,
				bytes = 0;

	for (int i = first; i < list_length(trees); i++)
	{
		StringInfoData part;
		Outcome		outcome;
		List	   *child = list_nth(trees, i);

		initStringInfo(&part);
		outcome = write_node(w, &part, child);
		if (outcome == deciding)
			return filter_take_back(out, start, deciding);
		if (outcome == WRITTEN && part.len > w->max_bytes - bytes)
			outcome = UNSENT;
		unsent |= outcome == UNSENT;
		if (outcome == WRITTEN)
		{
			bool		group = intVal(linitial(child)) == (is_and ? FILTER_OR : FILTER_AND);

			bytes += part.len;
			parts = lappend(parts, group ? psprintf("(%s)", part.data) : part.data);
		}
	}
	join_parts(out, parts, 0, list_length(parts), is_and ? " and " : " or ");
	/* one that may be true makes the whole so */
	if (unsent && !is_and)
		return filter_take_back(out, start, UNSENT);
	if (unsent)
		w->recheck = true;
	if (parts != NIL)
		return WRITTEN;
	return unsent ? UNSENT : is_and ? ALWAYS : NEVER;
}

static Outcome
write_node(Writing *w, StringInfo out, List *tree)
{
	switch ((FilterNode) intVal(linitial(tree)))
	{
		case FILTER_AND:
			return write_group(w, out, true, tree, 1);
		case FILTER_OR:
			return write_group(w, out, false, tree, 1);
		case FILTER_COMPARE:
			return write_comparison(w, out, tree);
		case FILTER_IN:
			return write_membership(w, out, tree);
		case FILTER_BOOLEAN:
			return write_boolean(w, out, tree);
		case FILTER_NULL:
			return write_null_test(w, out, tree);
		default:
			return filter_write_contents(w, out, tree);
	}
}

/* How many keys the trees name at most, of which all must hold; PG_INT64_MAX if they name none. */
static int64
count_keys(const MilvusTable *table, List *trees, const FilterValue *values)
{
	int64		most = PG_INT64_MAX;
	ListCell   *lc;

	foreach(lc, trees)
	{
		List	   *tree = lfirst(lc);
		FilterNode	node = intVal(linitial(tree));
		const FilterValue *value;
		int64		keys;

		if ((node != FILTER_COMPARE && node != FILTER_IN) ||
			!table->columns[intVal(lsecond(tree)) - 1].field->primary_key)
			continue;
		value = &values[intVal(lfourth(tree))];
		if (value->placeholder || value->isnull)
			continue;
		/* = key, or = ANY (keys) */
		if (node == FILTER_COMPARE && intVal(lthird(tree)) == FILTER_EQ)
			keys = 1;
		else if (node == FILTER_IN && intVal(lthird(tree)) == 0)
			keys = count_elements(value->datum);
		else
			continue;
		most = Min(most, keys);
	}
	return most;
}

static bool
names_keys(const MilvusTable *table, List *tree)
{
	return intVal(linitial(tree)) == FILTER_IN && intVal(lthird(tree)) == 0 &&
		table->columns[intVal(lsecond(tree)) - 1].field->primary_key;
}

bool
filter_key_values(const MilvusTable *table, List *tree, const FilterValue *values, int more_than, FilterElements *elements)
{
	const FilterValue *value;
	int			count;

	if (!names_keys(table, tree))
		return false;
	value = &values[intVal(lfourth(tree))];
	if (value->placeholder || value->isnull)
		return false;
	count = count_elements(value->datum);
	if (count <= more_than || count > MAX_KEYS)
		return false;
	*elements = filter_take_elements(value->datum);
	return true;
}

/* Integers and booleans are, where a field is compared with one. */
static bool
is_always_written(const MilvusTable *table, List *tree, List *values)
{
	FilterNode	node = intVal(linitial(tree));
	MilvusType	type;
	Node	   *value;

	if (node == FILTER_AND || node == FILTER_OR)
		return filter_is_always_written(table, list_copy_tail(tree, 1), values);
	if (node == FILTER_BOOLEAN || node == FILTER_NULL || node == FILTER_JSON_EXISTS)
		return true;
	value = list_nth(values, intVal(lfourth(tree)));

	/*
	 * constants were tried when the tree was made, but for lists of keys of
	 * any length
	 */
	if (IsA(value, Const))
		return !names_keys(table, tree) || ((Const *) value)->constisnull ||
			VARSIZE_ANY(DatumGetPointer(((Const *) value)->constvalue)) < MAX_CONSTANT_BYTES / 4;
	type = table->columns[intVal(lsecond(tree)) - 1].field->data_type;
	return node == FILTER_COMPARE && type >= MILVUS_BOOL && type <= MILVUS_INT64;
}

bool
filter_is_always_written(const MilvusTable *table, List *trees, List *values)
{
	ListCell   *lc;

	foreach(lc, trees)
	{
		if (!is_always_written(table, lfirst(lc), values))
			return false;
	}
	return true;
}

static FilterText
write_within(const MilvusTable *table, List *trees, const FilterValue *values, int max_bytes)
{
	Writing		w = {table, table->connection->dialect, values, max_bytes, false};
	StringInfoData out;
	Outcome		outcome;

	initStringInfo(&out);
	outcome = write_group(&w, &out, true, trees, 0);
	w.recheck |= outcome == UNSENT;
	return (FilterText)
	{
		/* a list of keys that is not sent bounds nothing */
		.never = outcome == NEVER, .recheck = w.recheck,
			.most = w.recheck ? PG_INT64_MAX : count_keys(table, trees, values), .text = out.data
	};
}

FilterText
filter_write(const MilvusTable *table, List *trees, const FilterValue *values)
{
	return write_within(table, trees, values, MAX_FILTER_BYTES);
}

/*
 * A server takes longer to parse a value of a list than to send a row, and a list
 * that is constant is looked up by its hash here.
 */
static bool
is_longer_than_table(const MilvusTable *table, List *tree, const FilterValue *values)
{
	const FilterValue *value;

	if (intVal(linitial(tree)) != FILTER_IN || table->collection->rows < 0)
		return false;
	value = &values[intVal(lfourth(tree))];
	return value->placeholder == NULL && !value->isnull &&
		count_elements(value->datum) > Max(table->collection->rows, LONG_LIST);
}

const char *
filter_misfit(const MilvusTable *table, List *tree, const FilterValue *values)
{
	int			unlimited = (int) MaxAllocSize;

	if (is_longer_than_table(table, tree, values))
		return "the list has more values than the collection has rows";
	if (!write_within(table, list_make1(tree), values, names_keys(table, tree) ? unlimited : MAX_CONSTANT_BYTES).recheck)
		return NULL;
	return write_within(table, list_make1(tree), values, unlimited).recheck ? "the server cannot be told this value exactly" :
		"it is too large for a request";
}

void
filter_raise_too_large(const MilvusTable *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("conditions on foreign table \"%s\" are too large for a message", table->relname)));
}

const char *
filter_shown(const char *text)
{
	return pg_any_to_server(text, (int) strlen(text), PG_UTF8);
}
