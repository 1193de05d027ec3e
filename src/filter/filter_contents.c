/*
 * filter_contents.c
 *		Conditions on what is inside a field in Milvus' expression language:
 *		patterns of texts, elements of arrays, values in documents.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "compat.h"
#include "filter_private.h"

/* integers below this are the same as float8 */
#define MAX_EXACT_FLOAT 9007199254740992.0
#define MAX_EXACT_INTEGER (INT64CONST(1) << 53)

/* --- patterns --- */

/* the parts of a pattern: at most one run of plain characters, between wildcards */
typedef struct Pattern
{
	bool		leading;		/* % before */
	bool		trailing;		/* % behind */
	const char *text;
	int			len;
} Pattern;

/* Servers don't agree on escapes and on "_" in patterns: only plain characters are sent. */
static bool
is_plain_text(const char *text, int len)
{
	for (int i = 0; i < len; i++)
	{
		unsigned char ch = (unsigned char) text[i];

		if (ch < 0x20 || ch == 0x7f || strchr("%_\\\"'", ch))
			return false;
	}
	return true;
}

/* Take a LIKE pattern apart; false if it is more than %text%. */
static bool
parse_pattern(const char *text, int len, Pattern *pattern)
{
	pattern->leading = len > 0 && text[0] == '%';
	pattern->trailing = len > 0 && text[len - 1] == '%';
	while (len > 0 && text[0] == '%')
		text++, len--;
	while (len > 0 && text[len - 1] == '%')
		len--;
	pattern->text = text;
	pattern->len = len;
	return is_plain_text(text, len);
}

/* Of a field that is not null. */
static Outcome
write_pattern(Writing *w, StringInfo out, const CollectionField *field, const Pattern *pattern)
{
	/* LIKE '%': whatever is not null */
	if (pattern->len == 0 && (pattern->leading || pattern->trailing))
		return field->nullable ? UNSENT : ALWAYS;
	if (pattern->leading && !w->dialect->like_infix)
		return UNSENT;
	appendStringInfo(out, "%s %s \"%s", field->name, pattern->leading || pattern->trailing ? "like" : "==",
					 pattern->leading ? "%" : "");
	filter_write_characters(out, w->dialect, pattern->text, pattern->len);
	appendStringInfo(out, "%s\"", pattern->trailing ? "%" : "");
	return WRITTEN;
}

/* What is true of no row is, negated, true of every row that has a value. */
static Outcome
negate_outcome(Writing *w, StringInfo out, const CollectionField *field, Outcome outcome)
{
	return outcome == NEVER ? filter_write_known(w, out, field) : outcome == ALWAYS ? NEVER : outcome;
}

/* End what was begun at start, with "not (" if it is negated. */
static Outcome
finish_test(Writing *w, StringInfo out, const CollectionField *field, int start, bool negated, Outcome outcome)
{
	if (outcome != WRITTEN)
	{
		filter_take_back(out, start, outcome);
		return negated ? negate_outcome(w, out, field, outcome) : outcome;
	}
	if (negated)
		appendStringInfoChar(out, ')');
	return WRITTEN;
}

static Outcome
write_like(Writing *w, StringInfo out, const CollectionField *field, FilterPattern kind, const FilterValue *value)
{
	bool		negated = kind == PATTERN_NOT_LIKE || kind == PATTERN_NOT_PREFIX;
	int			start = out->len;
	text	   *datum;
	char	   *utf8;
	int			len;
	Pattern		pattern;
	Outcome		outcome;

	datum = DatumGetTextPP(value->datum);
	utf8 = codec_to_utf8(VARDATA_ANY(datum), VARSIZE_ANY_EXHDR(datum), &len);
	if (kind == PATTERN_PREFIX || kind == PATTERN_NOT_PREFIX)
	{
		pattern = (Pattern) {false, true, utf8, len};
		if (!is_plain_text(utf8, len))
			return UNSENT;
	}
	else if (!parse_pattern(utf8, len, &pattern))
		return UNSENT;
	if (negated)
		appendStringInfoString(out, "not (");
	outcome = write_pattern(w, out, field, &pattern);
	return finish_test(w, out, field, start, negated, outcome);
}

/* --- elements of arrays --- */

/* One element as a literal: WRITTEN, NEVER when no array can have it, or UNSENT. */
static Outcome
write_element(Writing *w, StringInfo out, const CollectionField *field, Datum datum, Oid type)
{
	int64		min,
				max,
				value;

	if (field->element_type == MILVUS_VARCHAR)
		return filter_write_text_datum(w, out, datum) ? WRITTEN : UNSENT;
	value = filter_integer_value(datum, type);
	filter_integer_range(field->element_type, &min, &max);
	if (value < min || value > max)
		return NEVER;
	if (value == PG_INT64_MIN || (value < 0 && !w->dialect->negative_elements))
		return UNSENT;
	appendStringInfo(out, INT64_FORMAT, value);
	return WRITTEN;
}

/* array_contains_all, array_contains_any, without a negation. */
static Outcome
write_elements(Writing *w, StringInfo out, const CollectionField *field, bool all, Datum datum)
{
	FilterElements elements = filter_take_elements(datum);
	int			start = out->len,
				written = 0;

	appendStringInfo(out, "%s(%s, [", all ? "array_contains_all" : "array_contains_any", field->name);
	for (int i = 0; i < elements.count; i++)
	{
		Outcome		outcome = NEVER;
		int			before = out->len;

		if (written > 0)
			appendStringInfoChar(out, ',');
		if (!elements.nulls[i])
			outcome = write_element(w, out, field, elements.datums[i], elements.type);
		if (outcome == WRITTEN)
			written++;
		else if (outcome == UNSENT || all)
			return filter_take_back(out, start, outcome);
		else
			filter_take_back(out, before, NEVER);
	}
	if (written == 0)
		return filter_take_back(out, start, !all ? NEVER : field->nullable ? UNSENT : ALWAYS);
	appendStringInfoString(out, "])");
	return WRITTEN;
}

static Outcome
write_array_test(Writing *w, StringInfo out, const CollectionField *field, FilterArrayTest test,
				 const FilterValue *value)
{
	bool		negated = test >= ARRAY_HAS_NOT;
	int			start = out->len;
	Outcome		outcome;

	if (negated)
		appendStringInfoString(out, "not (");
	if (test == ARRAY_HAS || test == ARRAY_HAS_NOT)
	{
		appendStringInfo(out, "array_contains(%s, ", field->name);
		outcome = write_element(w, out, field, value->datum, value->type);
		appendStringInfoChar(out, ')');
	}
	else
		outcome = write_elements(w, out, field, test == ARRAY_HAS_ALL || test == ARRAY_HAS_NOT_ALL, value->datum);
	return finish_test(w, out, field, start, negated, outcome);
}

/* --- values in documents --- */

static void
write_path(StringInfo out, const CollectionField *field, List *path)
{
	ListCell   *lc;

	appendStringInfoString(out, field->name);
	foreach(lc, path)
	{
		char	   *key = strVal(lfirst(lc));
		int			len;

		key = codec_to_utf8(key, strlen(key), &len);
		appendStringInfo(out, "[\"%.*s\"]", len, key);
	}
}

/*
 * Can something else in a document than a string read so?  Numbers, booleans,
 * objects and arrays become texts too, which the server would not find.
 */
static bool
reads_like_no_string(const char *text, int len)
{
	return (len > 0 && strchr("-0123456789{[", text[0])) ||
		(len == 4 && strncmp(text, "true", 4) == 0) ||
		(len == 5 && strncmp(text, "false", 5) == 0);
}

/* One value as a literal of JSON. */
static bool
write_json_literal(Writing *w, StringInfo out, bool exact, Datum datum, Oid type)
{
	switch (type)
	{
		case BOOLOID:
			appendStringInfoString(out, DatumGetBool(datum) ? "true" : "false");
			return true;
		case TEXTOID:
		case VARCHAROID:
			{
				text	   *value = DatumGetTextPP(datum);

				if (!exact && reads_like_no_string(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
					return false;
				return filter_write_text_datum(w, out, datum);
			}
		case FLOAT4OID:
		case FLOAT8OID:
			if (fabs(type == FLOAT4OID ? (double) DatumGetFloat4(datum) : DatumGetFloat8(datum)) >= MAX_EXACT_FLOAT)
				return false;
			return filter_write_float(w, out, false, datum, type);
		default:
			{
				int64		value = filter_integer_value(datum, type);

				if (value == PG_INT64_MIN ||
					(!w->dialect->json_integers && (value >= MAX_EXACT_INTEGER || value <= -MAX_EXACT_INTEGER)))
					return false;
				appendStringInfo(out, INT64_FORMAT, value);
				return true;
			}
	}
}

static Outcome
write_json_comparison(Writing *w, StringInfo out, const CollectionField *field, List *path,
					  FilterOperator op, bool exact, Datum datum, Oid type)
{
	int			start = out->len;

	write_path(out, field, path);
	appendStringInfo(out, " %s ", filter_operator_names[op]);
	return write_json_literal(w, out, exact, datum, type) ? WRITTEN : filter_take_back(out, start, UNSENT);
}

/* As a list where the server takes one, else as so many comparisons. Only lists are negated. */
static Outcome
write_json_membership(Writing *w, StringInfo out, const CollectionField *field, List *path, bool negated, Datum datum)
{
	FilterElements elements = filter_take_elements(datum);
	bool		list = w->dialect->json_lists;
	int			start = out->len,
				written = 0;

	if (negated && elements.count == 0)
		return ALWAYS;
	if (list)
		write_path(out, field, path);
	appendStringInfoString(out, !list ? "(" : negated ? " not in [" : " in [");
	for (int i = 0; i < elements.count; i++)
	{
		/* never equal; but not known to differ either */
		if (elements.nulls[i] && negated)
			return filter_take_back(out, start, NEVER);
		if (elements.nulls[i])
			continue;
		if (written++ > 0)
			appendStringInfoString(out, list ? "," : " or ");
		if (!list)
		{
			write_path(out, field, path);
			appendStringInfoString(out, " == ");
		}
		if (!write_json_literal(w, out, false, elements.datums[i], elements.type))
			return filter_take_back(out, start, UNSENT);
	}
	if (written == 0)
		return filter_take_back(out, start, NEVER);
	appendStringInfoString(out, list ? "]" : ")");
	return WRITTEN;
}

/* For EXPLAIN, of a value that is not known yet. */
static void
write_placeholder(StringInfo out, FilterNode node, const CollectionField *field, int argument, List *path,
				  const char *placeholder)
{
	static const char *const tests[] = {
		[ARRAY_HAS] = "array_contains", [ARRAY_HAS_ALL] = "array_contains_all", [ARRAY_HAS_ANY] = "array_contains_any",
		[ARRAY_HAS_NOT] = "not array_contains", [ARRAY_HAS_NOT_ALL] = "not array_contains_all",
		[ARRAY_HAS_NOT_ANY] = "not array_contains_any"
	};

	StaticAssertStmt(lengthof(tests) == ARRAY_HAS_NOT_ANY + 1, "a function for each test");
	if (node == FILTER_LIKE)
		appendStringInfo(out, "%s %slike %s", field->name, argument >= PATTERN_NOT_LIKE ? "not " : "", placeholder);
	else if (node == FILTER_ARRAY)
		appendStringInfo(out, "%s(%s, %s)", tests[argument], field->name, placeholder);
	else if (node == FILTER_LENGTH)
		appendStringInfo(out, "array_length(%s) == %s", field->name, placeholder);
	else
	{
		write_path(out, field, path);
		appendStringInfo(out, " %s %s", node != FILTER_JSON_IN ? filter_operator_names[argument] :
						 argument != 0 ? "not in" : "in", placeholder);
	}
}

/* A condition on words cannot be checked here, so it is no way out to leave it away. */
static Outcome
write_words(Writing *w, StringInfo out, List *tree)
{
	const CollectionField *field = w->table->columns[intVal(lsecond(tree)) - 1].field;
	FilterWords test = intVal(lthird(tree));
	bool		is_phrase = test == WORDS_HAS_PHRASE || test == WORDS_HAS_NOT_PHRASE;
	const FilterValue *text = &w->values[intVal(lfourth(tree))];
	const FilterValue *number = &w->values[linitial_int(list_nth(tree, 4))];

	if ((!text->placeholder && text->isnull) || (is_phrase && !number->placeholder && number->isnull))
		return NEVER;
	if (!number->placeholder && !number->isnull && DatumGetInt32(number->datum) < (is_phrase ? 0 : 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 is_phrase ? errmsg("the number of words between those of a phrase must not be negative") :
				 errmsg("the number of words to match must be positive")));
	appendStringInfo(out, "%s%s(%s, ", test >= WORDS_HAS_NOT ? "not " : "", is_phrase ? "phrase_match" : "text_match", field->name);
	if (text->placeholder)
		appendStringInfoString(out, text->placeholder);
	else if (!filter_write_text_datum(w, out, text->datum))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("words with such characters cannot be sent to %s", w->dialect->name)));
	if (number->placeholder)
		appendStringInfo(out, ", %s%s", is_phrase ? "" : "minimum_should_match=", number->placeholder);
	else if (!number->isnull)
		appendStringInfo(out, ", %s%d", is_phrase ? "" : "minimum_should_match=", DatumGetInt32(number->datum));
	appendStringInfoChar(out, ')');
	return WRITTEN;
}

Outcome
filter_write_contents(Writing *w, StringInfo out, List *tree)
{
	FilterNode	node = intVal(linitial(tree));
	const CollectionField *field = w->table->columns[intVal(lsecond(tree)) - 1].field;
	int			argument = intVal(lthird(tree));
	int			index = intVal(lfourth(tree));
	List	   *path = list_length(tree) > 4 ? list_nth(tree, 4) : NIL;
	const FilterValue *value;

	if (node == FILTER_WORDS)
		return write_words(w, out, tree);
	if (node == FILTER_JSON_EXISTS)
	{
		appendStringInfoString(out, "(exists ");
		write_path(out, field, path);
		appendStringInfoChar(out, ')');
		return WRITTEN;
	}
	value = &w->values[index];
	if (value->placeholder)
	{
		write_placeholder(out, node, field, argument, path, value->placeholder);
		return WRITTEN;
	}
	/* NULL = ANY (array) is unknown, but of an empty array false */
	if (value->isnull)
		return node == FILTER_ARRAY && argument == ARRAY_HAS_NOT ? UNSENT : NEVER;
	switch (node)
	{
		case FILTER_LIKE:
			return write_like(w, out, field, argument, value);
		case FILTER_ARRAY:
			return write_array_test(w, out, field, argument, value);
		case FILTER_LENGTH:
			if (filter_integer_value(value->datum, value->type) < 0)
				return NEVER;
			appendStringInfo(out, "array_length(%s) == " INT64_FORMAT, field->name,
							 filter_integer_value(value->datum, value->type));
			return WRITTEN;
		case FILTER_JSON_IN:
			return write_json_membership(w, out, field, path, argument != 0, value->datum);
		default:
			return write_json_comparison(w, out, field, path, argument, node == FILTER_JSON_EXACT,
										 value->datum, value->type);
	}
}
