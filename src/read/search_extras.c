/*
 * search_extras.c
 *		What only milvus.search() asks for: rankers and highlights.
 *
 * Both are written as Milvus' own clients write them: a list of parameters, whose
 * values are texts, or JSON (pymilvus, client/prepare.py).  It must not know what
 * a ranker does.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "search_extras.h"

typedef Milvus__Proto__Common__KeyValuePair KeyValuePair;
typedef Milvus__Proto__Common__HighlightResult HighlightResult;
typedef Milvus__Proto__Schema__FunctionScore FunctionScore;
typedef Milvus__Proto__Schema__FunctionSchema FunctionSchema;

struct SearchHighlights
{
	List	   *fields;			/* of HighlightResult * */
};

static _Noreturn void
raise_shape(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", problem)));
}

static char *
utf8_text(const char *text)
{
	return (char *) pg_server_to_any(text, (int) strlen(text), PG_UTF8);
}

/* A text as it is, all else as JSON. */
static char *
value_text(JsonbValue *value)
{
	Jsonb	   *json;

	if (value->type == jbvString)
		return utf8_text(pnstrdup(value->val.string.val, value->val.string.len));
	json = JsonbValueToJsonb(value);
	return utf8_text(JsonbToCString(NULL, &json->root, VARSIZE(json)));
}

/* Put a parameter at the end of a list that has room for it. */
static void
put_parameter(KeyValuePair **list, size_t *count, JsonbValue *key, JsonbValue *value)
{
	KeyValuePair *pair = palloc(sizeof(KeyValuePair));

	milvus__proto__common__key_value_pair__init(pair);
	pair->key = value_text(key);
	pair->value = value_text(value);
	list[(*count)++] = pair;
}

static bool
is_key(const JsonbValue *key, const char *name)
{
	return key->val.string.len == strlen(name) && memcmp(key->val.string.val, name, key->val.string.len) == 0;
}

/* The next member of an object. */
static bool
next_member(JsonbIterator **iterator, JsonbValue *key, JsonbValue *value)
{
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(iterator, key, true)) != WJB_DONE)
		if (token == WJB_KEY)
		{
			(void) JsonbIteratorNext(iterator, value, true);
			return true;
		}
	return false;
}

/* The members of an array, or the one value there is. */
static List *
values_of(JsonbValue *value)
{
	List	   *found = NIL;
	Jsonb	   *json = JsonbValueToJsonb(value);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	member;

	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		return list_make1(value);
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
		if (token == WJB_ELEM)
		{
			JsonbValue *copy = palloc(sizeof(JsonbValue));

			*copy = member;
			found = lappend(found, copy);
		}
	return found;
}

static void
put_input_fields(FunctionSchema *function, JsonbValue *value)
{
	List	   *names = values_of(value);
	ListCell   *cell;

	function->input_field_names = palloc(sizeof(char *) * Max(list_length(names), 1));
	foreach(cell, names)
	{
		JsonbValue *name = lfirst(cell);

		if (name->type != jbvString)
			raise_shape("\"field\" of a ranker must be the name of a field, or an array of names");
		function->input_field_names[function->n_input_field_names++] = value_text(name);
	}
}

static FunctionSchema *
make_function(JsonbValue *value)
{
	FunctionSchema *function = palloc(sizeof(FunctionSchema));
	Jsonb	   *json = JsonbValueToJsonb(value);
	JsonbIterator *iterator;
	JsonbValue	key,
				member;

	if (!JB_ROOT_IS_OBJECT(json))
		raise_shape("a ranker must be a JSON object, such as {\"reranker\": \"decay\", \"field\": \"year\", \"function\": \"gauss\", \"origin\": 2026, \"scale\": 5}");
	milvus__proto__schema__function_schema__init(function);
	function->type = MILVUS__PROTO__SCHEMA__FUNCTION_TYPE__Rerank;
	function->name = "ranker";
	function->params = palloc(sizeof(KeyValuePair *) * Max(JB_ROOT_COUNT(json), 1));
	iterator = JsonbIteratorInit(&json->root);
	while (next_member(&iterator, &key, &member))
	{
		if (is_key(&key, "field"))
			put_input_fields(function, &member);
		else if (is_key(&key, "name"))
			function->name = value_text(&member);
		else
			put_parameter(function->params, &function->n_params, &key, &member);
	}
	return function;
}

static void
put_functions(FunctionScore *score, JsonbValue *value)
{
	List	   *members = values_of(value);
	ListCell   *cell;

	if (members == NIL)
		raise_shape("a ranker needs one function at least");
	score->functions = palloc(sizeof(FunctionSchema *) * list_length(members));
	foreach(cell, members)
		score->functions[score->n_functions++] = make_function(lfirst(cell));
}

FunctionScore *
search_extras_ranker(Jsonb *ranker)
{
	FunctionScore *score = palloc(sizeof(FunctionScore));
	JsonbValue	whole;
	JsonbValue	buffer;
	JsonbIterator *iterator;
	JsonbValue	key,
				member;

	milvus__proto__schema__function_score__init(score);
	if (!JB_ROOT_IS_OBJECT(ranker) || getKeyJsonValueFromContainer(&ranker->root, "functions", strlen("functions"), &buffer) == NULL)
	{
		whole.type = jbvBinary;
		whole.val.binary.data = &ranker->root;
		whole.val.binary.len = VARSIZE_ANY_EXHDR(ranker);
		put_functions(score, &whole);
		return score;
	}
	score->params = palloc(sizeof(KeyValuePair *) * JB_ROOT_COUNT(ranker));
	iterator = JsonbIteratorInit(&ranker->root);
	while (next_member(&iterator, &key, &member))
	{
		if (is_key(&key, "functions"))
			put_functions(score, &member);
		else
			put_parameter(score->params, &score->n_params, &key, &member);
	}
	return score;
}

static bool
is_boost(const FunctionSchema *function)
{
	for (size_t i = 0; i < function->n_params; i++)
		if (strcmp(function->params[i]->key, "reranker") == 0)
			return pg_strcasecmp(function->params[i]->value, "boost") == 0;
	return false;
}

bool
search_extras_greatest_first(const FunctionScore *ranker, DistanceKind kind)
{
	for (size_t i = 0; i < ranker->n_functions; i++)
		if (!is_boost(ranker->functions[i]))
			return true;
	return kind == DISTANCE_IP || kind == DISTANCE_COSINE || kind == DISTANCE_BM25;
}

static Milvus__Proto__Common__HighlightType
highlight_type(JsonbValue *value)
{
	char	   *name = value_text(value);

	if (pg_strcasecmp(name, "lexical") == 0)
		return MILVUS__PROTO__COMMON__HIGHLIGHT_TYPE__Lexical;
	if (pg_strcasecmp(name, "semantic") == 0)
		return MILVUS__PROTO__COMMON__HIGHLIGHT_TYPE__Semantic;
	raise_shape("\"type\" of highlights must be \"lexical\" or \"semantic\"");
}

Milvus__Proto__Common__Highlighter *
search_extras_highlighter(Jsonb *highlight)
{
	Milvus__Proto__Common__Highlighter *highlighter = palloc(sizeof(*highlighter));
	JsonbIterator *iterator;
	JsonbValue	key,
				member;

	if (!JB_ROOT_IS_OBJECT(highlight))
		raise_shape("highlight must be a JSON object, such as {\"pre_tags\": [\"<b>\"], \"post_tags\": [\"</b>\"]}");
	milvus__proto__common__highlighter__init(highlighter);
	highlighter->params = palloc(sizeof(KeyValuePair *) * Max(JB_ROOT_COUNT(highlight), 1));
	iterator = JsonbIteratorInit(&highlight->root);
	while (next_member(&iterator, &key, &member))
	{
		if (is_key(&key, "type"))
			highlighter->type = highlight_type(&member);
		else
			put_parameter(highlighter->params, &highlighter->n_params, &key, &member);
	}
	return highlighter;
}

/* SearchResults.results, SearchResultData.highlight_results */
#define FIELD_RESULTS 2
#define FIELD_HIGHLIGHTS 14

/* The messages that a message has as a field, from *at on; false when there are no more. */
static bool
next_message(const MilvusTable *table, FlatSlice message, uint32_t field, size_t *at, FlatSlice *bytes)
{
	uint32_t	number;
	int			found;

	while ((found = flat_next_field(message, at, &number, bytes)) > 0)
		if (number == field)
			return true;
	if (found < 0)
		read_raise_malformed(table, "Search", "fields that end too soon");
	return false;
}

SearchHighlights *
search_extras_open(const MilvusTable *table, const RpcBuffer *answer, uint64 nhits)
{
	FlatSlice	message = {answer->data, answer->len};
	FlatSlice	results,
				bytes;
	size_t		at = 0,
				within = 0;
	SearchHighlights *highlights = palloc0(sizeof(SearchHighlights));

	/* the rows beside them are read in place */
	if (!next_message(table, message, FIELD_RESULTS, &at, &results))
		return NULL;
	while (next_message(table, results, FIELD_HIGHLIGHTS, &within, &bytes))
	{
		HighlightResult *field = (HighlightResult *)
			rpc_unpack(&table->connection->rpc, "Search", bytes, &milvus__proto__common__highlight_result__descriptor);

		if (field->n_datas != nhits)
			read_raise_malformed(table, "Search", "highlights of another number of hits");
		highlights->fields = lappend(highlights->fields, field);
	}
	return highlights->fields == NIL ? NULL : highlights;
}

static void
append_text(StringInfo out, const char *text)
{
	escape_json(out, pg_any_to_server(text, (int) strlen(text), PG_UTF8));
}

Datum
search_extras_of_hit(const SearchHighlights *highlights, uint64 hit)
{
	StringInfoData out;
	ListCell   *cell;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"highlight\": {");
	foreach(cell, highlights->fields)
	{
		const HighlightResult *field = lfirst(cell);
		const Milvus__Proto__Common__HighlightData *data = field->datas[hit];

		appendStringInfoString(&out, foreach_current_index(cell) > 0 ? ", " : "");
		append_text(&out, field->field_name);
		appendStringInfoString(&out, ": [");
		for (size_t n = 0; n < data->n_fragments; n++)
		{
			appendStringInfoString(&out, n > 0 ? ", " : "");
			append_text(&out, data->fragments[n]);
		}
		appendStringInfoChar(&out, ']');
	}
	appendStringInfoString(&out, "}}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data));
}
