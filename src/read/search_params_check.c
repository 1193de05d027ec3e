/*
 * search_params_check.c
 *		Warns of search parameters that mean nothing to a table's indexes.
 *
 * Milvus drops what an index does not know, without a word: a search with "efs"
 * is one with the default "ef".  Which index knows what is from knowhere's
 * configurations (fields declared for_search() there).  It must not know how a
 * search is sent.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"

#include "search_params_check.h"

/* All of them are numbers. */
typedef struct IndexParams
{
	const char *index_type;
	const char *keys[6];
} IndexParams;

static const IndexParams index_params[] = {
	{"FLAT", {NULL}},
	{"BIN_FLAT", {NULL}},
	{"IVF_FLAT", {"nprobe", "max_empty_result_buckets"}},
	{"BIN_IVF_FLAT", {"nprobe", "max_empty_result_buckets"}},
	{"IVF_SQ8", {"nprobe", "max_empty_result_buckets", "refine_k"}},
	{"IVF_PQ", {"nprobe", "max_empty_result_buckets", "refine_k"}},
	{"IVF_RABITQ", {"nprobe", "max_empty_result_buckets", "rbq_bits", "rbq_bits_query", "refine_k"}},
	{"SCANN", {"nprobe", "max_empty_result_buckets", "reorder_k"}},
	{"HNSW", {"ef", "seed_ef", "overview_levels", "refine_k"}},
	{"HNSW_SQ", {"ef", "seed_ef", "refine_k"}},
	{"HNSW_PQ", {"ef", "seed_ef", "refine_k"}},
	{"HNSW_PRQ", {"ef", "seed_ef", "refine_k"}},
	{"DISKANN", {"search_list", "search_list_size", "beamwidth", "beamwidth_ratio", "filter_threshold"}},
	{"SPARSE_INVERTED_INDEX", {"drop_ratio_search", "refine_factor", "dim_max_score_ratio", "bulk_query_nnz_threshold"}},
	{"SPARSE_WAND", {"drop_ratio_search", "refine_factor", "dim_max_score_ratio", "bulk_query_nnz_threshold"}},
};

/* What Milvus itself takes, whatever the index is, or a build of it may: not looked at. */
static const char *const other_params[] = {
	"metric_type", "hints", "round_decimal", "ignore_growing", "page_retain_order", "strict_cast", "level", "analyzer_name",
	"radius", "range_filter", "range_search_k", "range_search_level", "retrieval_ann_ratio", "retain_iterator_order", "iterator_refine_ratio",
	"bm25_k1", "bm25_b", "bm25_avgdl", "search_algo", "inverted_index_algo", "ensure_topk_full", "disable_fallback_brute_force",
};

/* One warning a session, table and parameter. */
typedef struct Told
{
	Oid			relid;
	char		parameter[NAMEDATALEN];
} Told;

#define MOST_TOLD 1000
static HTAB *told = NULL;

static const IndexParams *
find_index_params(const char *index_type)
{
	for (int i = 0; i < lengthof(index_params); i++)
		if (strcmp(index_params[i].index_type, index_type) == 0)
			return &index_params[i];
	return NULL;
}

/*
 * Those of the indexes of all vectors.  False if one is not known here (AUTOINDEX
 * stands for whatever the server chose), and so nothing can be said.
 */
static bool
list_index_params(const Collection *collection, List **found)
{
	*found = NIL;
	for (int i = 0; i < collection->nfields; i++)
	{
		const CollectionField *field = &collection->fields[i];
		const IndexParams *params;

		if (!milvus_type_is_vector((MilvusType) field->data_type))
			continue;
		params = field->index_type ? find_index_params(field->index_type) : NULL;
		if (params == NULL)
			return false;
		*found = list_append_unique_ptr(*found, (void *) params);
	}
	return true;
}

static bool
is_among(const char *const *keys, int count, const JsonbValue *key)
{
	for (int i = 0; i < count && keys[i]; i++)
		if (strlen(keys[i]) == key->val.string.len && memcmp(keys[i], key->val.string.val, key->val.string.len) == 0)
			return true;
	return false;
}

static bool
is_known(List *indexes, const JsonbValue *key)
{
	ListCell   *cell;

	foreach(cell, indexes)
	{
		const IndexParams *params = lfirst(cell);

		if (is_among(params->keys, lengthof(params->keys), key))
			return true;
	}
	return false;
}

static bool
is_known_anywhere(const JsonbValue *key)
{
	for (int i = 0; i < lengthof(index_params); i++)
		if (is_among(index_params[i].keys, lengthof(index_params[i].keys), key))
			return true;
	return false;
}

/* Milvus takes a number as a text, too. */
static bool
is_number(const JsonbValue *value)
{
	char	   *text,
			   *end;

	if (value->type == jbvNumeric)
		return true;
	if (value->type != jbvString)
		return false;
	text = pnstrdup(value->val.string.val, value->val.string.len);
	strtod(text, &end);
	return end > text && *end == '\0';
}

/* Is it the first time in this session? */
static bool
note_told(Oid relid, const char *parameter)
{
	Told		key = {.relid = relid};
	bool		found;

	strlcpy(key.parameter, parameter, sizeof(key.parameter));
	if (told && hash_get_num_entries(told) >= MOST_TOLD)
	{
		hash_destroy(told);
		told = NULL;
	}
	if (told == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Told), .entrysize = sizeof(Told)};

		told = hash_create("milvus_fdw search parameters told of", 32, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	hash_search(told, &key, HASH_ENTER, &found);
	return !found;
}

static char *
describe_known(List *indexes)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, indexes)
	{
		const IndexParams *params = lfirst(cell);

		appendStringInfo(&text, "%s%s: ", text.len > 0 ? "; " : "", params->index_type);
		if (params->keys[0] == NULL)
			appendStringInfoString(&text, "none");
		for (int i = 0; i < lengthof(params->keys) && params->keys[i]; i++)
			appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", params->keys[i]);
	}
	return text.data;
}

static void
check_parameter(const MilvusTable *table, List *indexes, const JsonbValue *key, const JsonbValue *value, bool shared)
{
	bool		known = is_known(indexes, key) || (shared && is_known_anywhere(key));
	char	   *name;

	if ((known && is_number(value)) || (!known && is_among(other_params, lengthof(other_params), key)))
		return;
	name = pnstrdup(key->val.string.val, key->val.string.len);
	if (!note_told(table->relid, name))
		return;
	if (known)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("search parameter \"%s\" for foreign table \"%s\" is not a number", name, table->relname)));
	else
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("no index of foreign table \"%s\" has a search parameter \"%s\"", table->relname, name),
				 errdetail("Milvus takes no notice of it. Parameters by type of index: %s.", describe_known(indexes))));
}

void
search_params_check(const MilvusTable *table, Jsonb *params, bool shared)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	key,
				value;
	List	   *indexes;

	if (!JB_ROOT_IS_OBJECT(params) || JB_ROOT_COUNT(params) == 0 || !list_index_params(table->collection, &indexes))
		return;
	iterator = JsonbIteratorInit(&params->root);
	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
		if (token == WJB_KEY)
		{
			JsonbIteratorNext(&iterator, &value, true);
			check_parameter(table, indexes, &key, &value, shared);
		}
}
