/*
 * search_params.c
 *		The parameters of a search request: what the user set, and the range.
 *
 * Range searches as Milvus has them (knowhere, range_util): for distances
 * range_filter <= score < radius, for similarities radius < score <=
 * range_filter; without a radius a range_filter is ignored.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "search_params.h"
#include "search_params_check.h"
#include "server/setting.h"

static const char *
text_set(const MilvusTable *table)
{
	if (milvus_search_params && milvus_search_params[0])
	{
		/* the postmaster, which reads the file, has no encoding */
		pg_verifymbstr(milvus_search_params, (int) strlen(milvus_search_params), false);
		return milvus_search_params;
	}
	return table->options.search_params ? table->options.search_params : "{}";
}

const char *
search_params_set(const MilvusTable *table)
{
	const char *set = text_set(table);

	/* a setting is for tables of any index, as the server's option is */
	bool		shared = set == milvus_search_params || table->options.search_params_shared;

	if (strcmp(set, "{}") != 0)
		search_params_check(table, DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(set))), shared);
	return set;
}

const char *
search_params_merged(const MilvusTable *table, Jsonb *params)
{
	Datum		set;
	Jsonb	   *merged;

	if (!JB_ROOT_IS_OBJECT(params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("search parameters must be a JSON object")));
	search_params_check(table, params, false);
	set = DirectFunctionCall1(jsonb_in, CStringGetDatum(search_params_set(table)));
	merged = DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, set, JsonbPGetDatum(params)));
	return JsonbToCString(NULL, &merged->root, VARSIZE(merged));
}

/* By how much a score may be off: of the value for L2, else as it is. */
static double
score_error(int dim)
{
	return 1e-5 + dim * 4.0 * FLT_EPSILON;
}

static double
angle_of(double cosine_distance)
{
	return acos(Max(-1, Min(1, 1 - cosine_distance)));
}

/* How far the rows may be from the query that is sent that are so far from the one that was given. */
static double
widen_bound(DistanceKind kind, double bound, const VectorRounding *rounding)
{
	if (rounding->distance == 0)
		return bound;
	if (kind == DISTANCE_L2)
		return Max(bound, 0) + rounding->distance;
	if (kind == DISTANCE_COSINE)
		return Max(bound, 1 - cos(Min(angle_of(bound) + rounding->angle, M_PI)));
	return bound;
}

double
search_nearest_left(DistanceKind kind, int dim, double distance, const VectorRounding *rounding)
{
	double		error = score_error(dim);
	double		angle;

	/* squares of less are lost in float4 */
	if (kind == DISTANCE_L2)
		return distance * (1 - error) - rounding->distance - sqrt(dim * FLT_MIN);
	angle = angle_of(distance - error) - rounding->angle;
	return angle > 0 ? 1 - cos(angle) - error : -INFINITY;
}

SearchBounds
search_bounds(DistanceKind kind, int dim, double bound, const VectorRounding *rounding, const Dialect *dialect)
{
	SearchBounds bounds = {kind, INFINITY, false, 0};
	double		error = score_error(dim);

	if (isinf(bound) && bound > 0)
		return bounds;
	bound = widen_bound(kind, bound, rounding);
	switch (kind)
	{
		case DISTANCE_L2:
			bounds.farthest = Max(bound, 0) * (1 + error);
			/* squared, and never so small that it excludes 0 */
			bounds.radius = Max(bounds.farthest * bounds.farthest * (1 + error), 1e-30);
			break;
		case DISTANCE_COSINE:
			bounds.farthest = bound + error;
			bounds.radius = 1 - bounds.farthest - error;
			break;
		case DISTANCE_HAMMING:

			/*
			 * a number of bits; the radius is cut to an integer (seen on
			 * Milvus 2.3.5)
			 */
			bounds.farthest = bound + error;
			bounds.radius = Max(floor(bounds.farthest) + 1, 1);
			break;
		case DISTANCE_JACCARD:
			bounds.farthest = bound + error;
			bounds.radius = bounds.farthest + error;
			break;
		default:
			return bounds;
	}

	/*
	 * a server may leave out what it has no score of: then nothing is told of
	 * what is within such a bound
	 */
	if (!(fabs(bounds.radius) < FLT_MAX))
		bounds.farthest = INFINITY;
	else
		bounds.has_radius = dialect->range_search;
	return bounds;
}

static Jsonb *
merge(Jsonb *params, const char *more)
{
	Datum		added = DirectFunctionCall1(jsonb_in, CStringGetDatum(more));

	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(params), added));
}

static bool
ef_is_below(Jsonb *params, int limit)
{
	JsonbValue	buffer;
	JsonbValue *ef = JB_ROOT_IS_OBJECT(params) ?
		getKeyJsonValueFromContainer(&params->root, "ef", 2, &buffer) : NULL;

	return ef && ef->type == jbvNumeric &&
		DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(ef->val.numeric))) < limit;
}

/* Reject user-set radius/range_filter: the scan must be able to fetch as many rows as needed. */
static void
refuse_range(Jsonb *params)
{
	static const char *const ranges[] = {"radius", "range_filter"};
	JsonbValue	buffer;

	for (int i = 0; i < lengthof(ranges); i++)
		if (JB_ROOT_IS_OBJECT(params) &&
			getKeyJsonValueFromContainer(&params->root, ranges[i], strlen(ranges[i]), &buffer))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("search parameter \"%s\" cannot be set", ranges[i]),
					 errhint("Bound the distance by a condition, such as WHERE embedding <-> $1 < 0.5.")));
}

const char *
search_params_text(const char *set, int limit, const SearchBounds *bounds, const double *from)
{
	bool		has_radius = bounds && bounds->has_radius;
	bool		is_similarity = bounds && (bounds->kind == DISTANCE_COSINE || bounds->kind == DISTANCE_IP);
	Jsonb	   *params;

	if (strcmp(set, "{}") == 0 && !has_radius && from == NULL)
		return set;
	params = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(set)));
	if (bounds)
		refuse_range(params);
	if (ef_is_below(params, limit))
		params = merge(params, psprintf("{\"ef\": %d}", limit));
	if (has_radius)
		params = merge(params, psprintf("{\"radius\": %.9g}", bounds->radius));
	else if (from)
		params = merge(params, psprintf("{\"radius\": %.9g}", is_similarity ? -FLT_MAX : FLT_MAX));

	/*
	 * a little nearer, so that nothing is lost to rounding: what comes again
	 * is known
	 */
	if (from)
		params = merge(params, psprintf("{\"range_filter\": %.9g}",
										is_similarity ? *from + fabs(*from) * 1e-6 : *from - fabs(*from) * 1e-6));
	return JsonbToCString(NULL, &params->root, VARSIZE(params));
}
