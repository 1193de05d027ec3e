/*
 * pgvector.c
 *		pgvector's types and distances, when it is installed.
 *
 * Looked up once and kept until a type or a function changes.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/catcache.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "pgvector.h"

typedef struct FunctionEntry
{
	Oid			function;		/* hash key */
	bool		is_ours;
	char		name[NAMEDATALEN];	/* "": neither pgvector's nor ours */
} FunctionEntry;

/* per backend */
static Oid	types[PGVECTOR_SPARSEVEC + 1];
static bool types_known = false;
static HTAB *functions = NULL;

static const char *const type_names[] = {
	[PGVECTOR_VECTOR] = "vector", [PGVECTOR_HALFVEC] = "halfvec", [PGVECTOR_SPARSEVEC] = "sparsevec"
};

StaticAssertDecl(lengthof(type_names) == PGVECTOR_SPARSEVEC + 1, "a name for each type");

static void
forget_types(Datum arg, int cacheid, uint32 hashvalue)
{
	types_known = false;
}

static void
forget_functions(Datum arg, int cacheid, uint32 hashvalue)
{
	HASH_SEQ_STATUS status;
	FunctionEntry *entry;

	hash_seq_init(&status, functions);
	while ((entry = hash_seq_search(&status)) != NULL)
		hash_search(functions, &entry->function, HASH_REMOVE, NULL);
}

static Oid
find_type(const char *name, Oid extension)
{
	CatCList   *list = SearchSysCacheList1(TYPENAMENSP, CStringGetDatum(name));
	Oid			found = InvalidOid;

	for (int i = 0; i < list->n_members; i++)
	{
		Oid			typeid = ((Form_pg_type) GETSTRUCT(&list->members[i]->tuple))->oid;

		if (getExtensionOfObject(TypeRelationId, typeid) == extension)
			found = typeid;
	}
	ReleaseSysCacheList(list);
	return found;
}

static void
find_types(void)
{
	static bool registered = false;
	Oid			extension;

	if (types_known)
		return;
	if (!registered)
	{
		CacheRegisterSyscacheCallback(TYPEOID, forget_types, (Datum) 0);
		registered = true;
	}
	extension = get_extension_oid("vector", true);
	for (int i = PGVECTOR_VECTOR; i <= PGVECTOR_SPARSEVEC; i++)
		types[i] = OidIsValid(extension) ? find_type(type_names[i], extension) : InvalidOid;
	types_known = true;
}

PgvectorType
pgvector_classify(Oid typeid)
{
	find_types();
	for (int i = PGVECTOR_VECTOR; i <= PGVECTOR_SPARSEVEC; i++)
		if (OidIsValid(typeid) && types[i] == typeid)
			return (PgvectorType) i;
	return PGVECTOR_NONE;
}

Oid
pgvector_type(PgvectorType type)
{
	find_types();
	return types[type];
}

/* A function's name without the type that it may begin with: "halfvec_". */
static const char *
without_type(const char *name)
{
	for (int i = PGVECTOR_VECTOR; i <= PGVECTOR_SPARSEVEC; i++)
	{
		size_t		len = strlen(type_names[i]);

		if (strncmp(name, type_names[i], len) == 0 && name[len] == '_')
			return name + len + 1;
	}
	return name;
}

static void
look_up_function(FunctionEntry *entry)
{
	Oid			extension = getExtensionOfObject(ProcedureRelationId, entry->function);
	char	   *name = OidIsValid(extension) ? get_func_name(entry->function) : NULL;

	entry->is_ours = OidIsValid(extension) && extension == get_extension_oid("milvus_fdw", true);
	if (name && (entry->is_ours || extension == get_extension_oid("vector", true)))
		strlcpy(entry->name, without_type(name), NAMEDATALEN);
}

const char *
known_function_name(Oid function, bool *is_ours)
{
	FunctionEntry *entry;

	/* none of PostgreSQL's own */
	*is_ours = false;
	if (function < FirstNormalObjectId)
		return "";
	if (functions == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(FunctionEntry)};

		functions = hash_create("milvus_fdw functions", 64, &ctl, HASH_ELEM | HASH_BLOBS);
		CacheRegisterSyscacheCallback(PROCOID, forget_functions, (Datum) 0);
	}
	entry = hash_search(functions, &function, HASH_FIND, NULL);
	if (entry == NULL)
	{
		FunctionEntry found = {.function = function};

		look_up_function(&found);
		entry = hash_search(functions, &function, HASH_ENTER, NULL);
		*entry = found;
	}
	*is_ours = entry->is_ours;
	return entry->name;
}

DistanceKind
distance_classify(Oid function, bool *negated)
{
	static const struct
	{
		const char *name;
		DistanceKind kind;
		bool		negated;
	}			known[] = {
		{"l2_distance", DISTANCE_L2}, {"negative_inner_product", DISTANCE_IP}, {"inner_product", DISTANCE_IP, true},
		{"cosine_distance", DISTANCE_COSINE}, {"hamming_distance", DISTANCE_HAMMING}, {"jaccard_distance", DISTANCE_JACCARD},
		{"bm25_distance", DISTANCE_BM25},
	};
	bool		is_ours;
	const char *name = known_function_name(function, &is_ours);

	*negated = false;
	for (int i = 0; i < lengthof(known); i++)
		if (strcmp(name, known[i].name) == 0)
		{
			*negated = known[i].negated;
			return known[i].kind;
		}
	return DISTANCE_NONE;
}

const char *
distance_metric(DistanceKind kind)
{
	switch (kind)
	{
		case DISTANCE_L2:
			return "L2";
		case DISTANCE_IP:
			return "IP";
		case DISTANCE_COSINE:
			return "COSINE";
		case DISTANCE_HAMMING:
			return "HAMMING";
		case DISTANCE_JACCARD:
			return "JACCARD";
		case DISTANCE_BM25:
			return "BM25";
		case DISTANCE_FUSED:
		case DISTANCE_NONE:
			break;
	}
	return "";
}

DistanceKind
distance_of_metric(const char *metric)
{
	for (DistanceKind kind = DISTANCE_L2; kind <= DISTANCE_BM25; kind++)
		if (strcmp(distance_metric(kind), metric) == 0)
			return kind;
	return DISTANCE_NONE;
}

double
distance_from_score(DistanceKind kind, double score)
{
	switch (kind)
	{
		case DISTANCE_L2:
			/* Milvus' L2 is the square; rounding may take it below zero */
			return sqrt(Max(score, 0.0));
		case DISTANCE_IP:
			return -score;
		case DISTANCE_BM25:
			/* Lite 3 has the negative itself */
			return -fabs(score);
		case DISTANCE_COSINE:
			/* rounding may take it out of its range */
			return 1.0 - Max(-1.0, Min(score, 1.0));
		default:
			return score;
	}
}
