/*
 * pgvector.c
 *		pgvector's types and operators, when it is installed.
 *
 * Looked up once and kept until a type, operator or extension changes.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/catcache.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "pgvector.h"

typedef struct OperatorEntry
{
	Oid			opno;			/* hash key */
	DistanceKind kind;
} OperatorEntry;

/* per backend */
static Oid	types[PGVECTOR_SPARSEVEC + 1];
static bool types_known = false;
static HTAB *operators = NULL;

static const char *const type_names[] = {
	[PGVECTOR_VECTOR] = "vector", [PGVECTOR_HALFVEC] = "halfvec", [PGVECTOR_SPARSEVEC] = "sparsevec"
};

static void
forget_types(Datum arg, int cacheid, uint32 hashvalue)
{
	types_known = false;
}

static void
forget_operators(Datum arg, int cacheid, uint32 hashvalue)
{
	HASH_SEQ_STATUS status;
	OperatorEntry *entry;

	hash_seq_init(&status, operators);
	while ((entry = hash_seq_search(&status)) != NULL)
		hash_search(operators, &entry->opno, HASH_REMOVE, NULL);
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

static DistanceKind
look_up_operator(Oid opno)
{
	static const struct
	{
		const char *name;
		DistanceKind kind;
	}			known[] = {
		{"<->", DISTANCE_L2}, {"<#>", DISTANCE_IP}, {"<=>", DISTANCE_COSINE},
		{"<~>", DISTANCE_HAMMING}, {"<%>", DISTANCE_JACCARD},
	};
	DistanceKind kind = DISTANCE_NONE;
	char	   *name = get_opname(opno);
	Oid			extension;

	if (name == NULL)
		return DISTANCE_NONE;
	for (int i = 0; i < lengthof(known); i++)
		if (strcmp(name, known[i].name) == 0)
			kind = known[i].kind;
	if (kind == DISTANCE_NONE)
		return DISTANCE_NONE;
	extension = getExtensionOfObject(OperatorRelationId, opno);
	if (!OidIsValid(extension) ||
		(extension != get_extension_oid("vector", true) &&
		 extension != get_extension_oid("milvus_fdw", true)))
		return DISTANCE_NONE;
	return kind;
}

DistanceKind
distance_classify(Oid opno)
{
	OperatorEntry *entry;
	bool		found;

	if (operators == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(OperatorEntry)};

		operators = hash_create("milvus_fdw distance operators", 64, &ctl, HASH_ELEM | HASH_BLOBS);
		CacheRegisterSyscacheCallback(OPEROID, forget_operators, (Datum) 0);
	}
	entry = hash_search(operators, &opno, HASH_FIND, NULL);
	if (entry == NULL)
	{
		DistanceKind kind = look_up_operator(opno);

		entry = hash_search(operators, &opno, HASH_ENTER, &found);
		entry->kind = kind;
	}
	return entry->kind;
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
		case DISTANCE_NONE:
			break;
	}
	return "";
}

DistanceKind
distance_of_metric(const char *metric)
{
	for (DistanceKind kind = DISTANCE_L2; kind <= DISTANCE_JACCARD; kind++)
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
		case DISTANCE_COSINE:
			/* rounding may take it out of its range */
			return 1.0 - Max(-1.0, Min(score, 1.0));
		default:
			return score;
	}
}
