/*
 * dialect.c
 *		What a kind of Milvus server can do, and where it differs in meaning.
 *
 * Each entry was measured on the server it names (see doc/servers.md).
 */
#include "postgres.h"

#include "dialect.h"

/* an unknown server: no filter is trusted, pages are small */
static const Dialect unknown_server = {
	.name = "unknown",
	.max_window = 16384,
	.max_vector_rows = 1000,
	.max_vector_bytes = 4 * 1024 * 1024,
	.fill_defaults = true,
};

static const Dialect milvus_2_3 = {
	.name = "Milvus 2.3",
	.filters = true,
	.json_lists = true,
	.json_strict = true,
	.json_floats = true,
	.json_exists = true,
	.negative_elements = true,
	.has_not = true,
	.float_lists = true,
	.float4_rounds = true,
	.newline_escapes = true,
	.max_window = 16384,
	.max_vector_bytes = 32 * 1024 * 1024,
	.fill_defaults = true,
	.range_search = true,
	.range_steps = true,
	.has_timestamps = true,
	.json_refuses_arrays = true,
	.delete_by_filter = true,
};

/* nullable fields came with 2.5; what was true of 2.3's filters still is */
#define SINCE_2_4 \
	.filters = true, \
	.json_lists = true, \
	.json_strict = true, \
	.json_floats = true, \
	.negative_elements = true, \
	.has_not = true, \
	.float_lists = true, \
	.has_is_null = true, \
	.float4_rounds = true, \
	.newline_escapes = true, \
	.max_window = 16384, \
	.max_vector_bytes = 32 * 1024 * 1024, \
	.range_search = true, \
	.range_steps = true, \
	.groups = true, \
	.has_timestamps = true, \
	.delete_by_filter = true,

static const Dialect milvus_2_4 = {
	SINCE_2_4
	.name = "Milvus 2.4 or later",
};

/* partial updates came with 2.6.2 */
static const Dialect milvus_2_6 = {
	SINCE_2_4
	.name = "Milvus 2.6 or later",
	.partial_update = true,
};

static const Dialect lite_2 = {
	.name = "Milvus Lite 2",
	.no_databases = true,
	.no_partitions = true,
	.filters = true,
	.groups = true,
	.returns_float_vectors_only = true,
	.like_infix = true,
	.json_lists = true,
	.json_strict = true,
	.json_floats = true,
	.negative_elements = true,
	.float4_rounds = true,
	.max_window = 16384,
	/* it is quadratic in the rows of a request that has vectors */
	.max_vector_rows = 1000,
	.max_vector_bytes = 4 * 1024 * 1024,
	.fill_defaults = true,
	.range_search = true,
	.range_steps = true,
	.quotes_break_keys = true,
	.upsert_keeps_auto_id = true,
	.delete_by_filter = true,
};

static const Dialect lite_3 = {
	.name = "Milvus Lite 3",
	.filters = true,
	.zeros_differ = true,
	.like_infix = true,
	.has_not = true,
	.float_lists = true,
	.has_is_null = true,
	.newline_escapes = true,
	/* it has no window, and pays by the request */
	.max_window = 131072,
	.max_vector_bytes = 32 * 1024 * 1024,
	.count_ignores_partition = true,
	.range_search = true,
	.search_without_index = true,
	.groups = true,
	.insert_replaces = true,
	.partial_update = true,
	.upsert_keeps_auto_id = true,
	.json_breaks_scalars = true,
	.delete_by_filter = true,
	.delete_ignores_partition = true,
};

/* Compare a version of Milvus with another: below 0, 0, above 0. False if it is none. */
static bool
compare_versions(const char *build_tags, const char *version, int *result)
{
	int			have[3] = {0},
				want[3] = {0};

	if (build_tags[0] == 'v')
		build_tags++;
	if (sscanf(build_tags, "%d.%d.%d", &have[0], &have[1], &have[2]) < 2)
		return false;
	sscanf(version, "%d.%d.%d", &want[0], &want[1], &want[2]);
	*result = 0;
	for (int i = 0; i < lengthof(have) && *result == 0; i++)
		*result = have[i] - want[i];
	return true;
}

bool
dialect_reaches(const char *build_tags, const char *version)
{
	int			order;

	return compare_versions(build_tags, version, &order) && order >= 0;
}

bool
dialect_precedes(const char *build_tags, const char *version)
{
	int			order;

	return compare_versions(build_tags, version, &order) && order < 0;
}

const Dialect *
dialect_find(const char *build_tags)
{
	int			major,
				minor,
				patch = 0;

	if (build_tags == NULL || build_tags[0] == '\0')
		return &lite_2;
	if (strncmp(build_tags, "milvus_lite", strlen("milvus_lite")) == 0)
		return &lite_3;
	if (build_tags[0] == 'v')
		build_tags++;
	if (sscanf(build_tags, "%d.%d.%d", &major, &minor, &patch) < 2)
		return &unknown_server;
	if (major == 2 && minor == 3)
		return &milvus_2_3;
	if ((major == 2 && (minor > 6 || (minor == 6 && patch >= 2))) || major == 3)
		return &milvus_2_6;
	if (major == 2 && minor > 3)
		return &milvus_2_4;
	return &unknown_server;
}
