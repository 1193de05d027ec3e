/*
 * dialect.c
 *		What a kind of Milvus server can do, and where it differs in meaning.
 *
 * One line a flag: the versions of Milvus it is true of, whether of Milvus Lite,
 * and where that is known from: "measured" on Milvus 2.3.5 and the Lites, or a
 * file of Milvus' source.  Of a server that may be one of several versions only
 * that is true which is true of all of them.
 */
#include "postgres.h"

#include <ctype.h>

#include "dialect.h"

/* before DIALECT_UNREAD */
#define NEWEST_READ MILVUS_VERSION(3, 0, 99)
/* the last patch that a version may have */
#define ANY_PATCH 99

#define LITE_2 1
#define LITE_3 2
#define LITES (LITE_2 | LITE_3)

typedef struct DialectFact
{
	const char *flag;
	size_t		offset;			/* of the flag in Dialect */
	int			since;			/* the first Milvus it is true of; 0: none */
	int			until;			/* the first one after that it is not; 0: none */
	int			again;			/* the first one after that it is true of
								 * again; 0: none */
	bool		lasts;			/* a fault that was mended, and is taken to
								 * stay so */
	int			lites;
	const char *source;
} DialectFact;

#define FLAG(name) .flag = #name, .offset = offsetof(Dialect, name)
#define V MILVUS_VERSION
#define FROM_2_3 .since = V(2, 3, 0)

static const DialectFact facts[] = {
	{FLAG(filters), FROM_2_3, .lites = LITES, .source = "measured; planparserv2 of 2.4 to 3.0, run"},
	{FLAG(has_not), FROM_2_3, .lites = LITE_3, .source = "measured; Plan.g4"},
	{FLAG(not_excludes_null), .since = V(2, 5, 0), .source = "exec/expression/LogicalUnaryExpr.cpp (eb3e4583ec)"},
	{FLAG(has_is_null), .since = V(2, 5, 4), .lites = LITE_3, .source = "Plan.g4 (1602390734)"},
	{FLAG(or_of_contraries), FROM_2_3, .until = V(2, 6, 8), .lites = LITES,
	.source = "planparserv2/rewriter, term_in.go (553a3f07b9)"},
	{FLAG(or_of_ranges), FROM_2_3, .until = V(2, 6, 8), .lites = LITES, .source = "planparserv2/rewriter, range.go"},
	{FLAG(and_of_lists), FROM_2_3, .until = V(2, 6, 19), .lites = LITES,
	.source = "planparserv2/rewriter, term_in.go (fd26a644e6)"},
	{FLAG(float4_exact), .lites = LITE_3, .source = "measured; GetValueFromProto<float>"},
	{FLAG(float_lists), FROM_2_3, .lites = LITE_3, .source = "measured; exec/expression/TermExpr.cpp"},
	{FLAG(zeros_equal), FROM_2_3, .lites = LITE_2, .source = "measured; exec/expression/TermExpr.cpp"},
	{FLAG(like_infix), .since = V(2, 4, 0), .lites = LITES, .source = "planparserv2/pattern_match.go"},
	{FLAG(negative_elements), FROM_2_3, .lites = LITE_2, .source = "measured; planparserv2, run"},
	{FLAG(newline_escapes), FROM_2_3, .lites = LITE_3, .source = "measured; planparserv2, run"},
	{FLAG(wide_escapes), FROM_2_3, .source = "measured; planparserv2/utils.go, convertHanToASCII, run"},
	{FLAG(timestamptz_filters), .since = V(2, 6, 6), .source = "Plan.g4, parser_visitor.go, exec/expression/NullExpr.cpp (a42d3248e1)"},

	{FLAG(json_lists), FROM_2_3, .lites = LITE_2, .source = "measured; planparserv2, run"},
	{FLAG(json_strict), FROM_2_3, .lites = LITE_2, .source = "measured; exec/expression/UnaryExpr.cpp"},
	{FLAG(json_floats), FROM_2_3, .lites = LITE_2, .source = "measured; exec/expression/UnaryExpr.cpp"},
	{FLAG(json_integers), FROM_2_3, .until = V(2, 5, 7), .lites = LITES,
	.source = "measured; exec/expression/UnaryExpr.cpp, the branch of JSON indexes"},
	{FLAG(json_mixed_or), FROM_2_3, .until = V(2, 6, 8), .lites = LITES,
	.source = "measured; planparserv2/rewriter, exec/expression/TermExpr.cpp (f67257a4e3)"},
	{FLAG(json_list_and_range), FROM_2_3, .until = V(2, 6, 8), .again = V(3, 0, 0), .lites = LITES,
	.source = "measured; planparserv2/rewriter, run"},
	{FLAG(json_exists), FROM_2_3, .until = V(2, 4, 0), .source = "measured; common/Json.h, exist()"},
	{FLAG(json_unknown), .since = V(2, 6, 20), .source = "exec/expression (7ee85ba28e, 936b0f74ac, 42e0c0f03c)"},

	{FLAG(text_match), .since = V(2, 5, 0), .lites = LITE_3, .source = "measured; Plan.g4"},
	{FLAG(match_minimum), .since = V(2, 6, 8), .source = "Plan.g4"},
	{FLAG(phrase_match), .since = V(2, 5, 17), .source = "Plan.g4"},
	{FLAG(random_sample), .since = V(2, 6, 0), .source = "Plan.g4 (0dc21f0aeb)"},
	{FLAG(remainders), FROM_2_3, .lites = LITE_2, .source = "measured; Plan.g4"},

	{FLAG(has_databases), FROM_2_3, .lites = LITE_3, .source = "measured"},
	{FLAG(has_partitions), FROM_2_3, .lites = LITE_3, .source = "measured"},
	{FLAG(nullable_fields), .since = V(2, 5, 0), .lites = LITE_3, .source = "measured; schema.proto"},
	{FLAG(nullable_vectors), .since = V(2, 6, 18), .source = "rootcoord/create_collection_task.go (d298f17d78)"},
	{FLAG(timestamptz_fields), .since = V(2, 6, 6), .lites = LITE_3, .source = "measured: 2.3.5 aborts; schema.proto (a42d3248e1)"},
	{FLAG(binary_vectors), FROM_2_3, .lites = LITE_2, .source = "measured"},
	{FLAG(half_vectors), .since = V(2, 4, 0), .lites = LITE_2, .source = "measured; pkg/util/typeutil/schema.go"},
	{FLAG(sparse_vectors), .since = V(2, 4, 0), .lites = LITES, .source = "measured; pkg/util/typeutil/schema.go"},
	{FLAG(int8_vectors), .since = V(2, 6, 0), .source = "schema.proto"},
	{FLAG(geometry_fields), .since = V(2, 6, 4), .lites = LITE_3, .source = "measured: 2.3.5 dies when it loads one; Milvus' documentation"},
	{FLAG(text_fields), .since = V(3, 0, 0), .source = "measured: 2.3.5 dies when it loads one; Milvus' documentation"},
	{FLAG(struct_fields), .since = V(2, 6, 4), .source = "Milvus' documentation"},
	{FLAG(has_functions), .since = V(2, 5, 0), .lites = LITES, .source = "measured; schema.proto"},
	{FLAG(several_vectors), .since = V(2, 4, 0), .lites = LITES, .source = "measured; proxy/task.go, createCollectionTask"},
	{FLAG(truncates), .since = V(2, 6, 11), .lites = LITE_3, .source = "measured; proxy/impl.go (6cc639e1bf)"},
	{FLAG(large_topk), .since = V(2, 6, 14), .source = "proxy/util.go, quotaAndLimits.limits.largeTopK"},

	{FLAG(run_here), .since = V(2, 3, 5), .until = V(2, 3, 6), .lites = LITES, .source = "measured"},
	{FLAG(sees_all_writes), .lites = LITES, .source = "measured"},
	{FLAG(has_timestamps), FROM_2_3, .source = "measured; proxy/task_query.go"},
	{FLAG(iterator_waits), FROM_2_3, .until = V(2, 5, 0), .lites = LITES, .source = "measured; proxy/task_query.go"},
	{FLAG(iterator_snapshots), .since = V(2, 5, 0), .source = "proxy/task_query.go (903450f5c6)"},
	{FLAG(checks_id), .since = V(2, 5, 4), .source = "proxy/task_query.go, task_search.go"},
	{FLAG(counts_partition), FROM_2_3, .lites = LITE_2, .source = "measured"},

	{FLAG(defaults_left_out), .since = V(2, 5, 0), .lites = LITE_3,
	.source = "measured; proxy/validate_util.go: before 2.5 the proxy panics"},
	{FLAG(defaults_validity), .since = V(2, 5, 0), .source = "proxy/validate_util.go, fillWithDefaultValue"},
	{FLAG(json_arrays), .since = V(2, 4, 0), .lites = LITES, .source = "measured; proxy/validate_util.go, checkJSONFieldData"},
	{FLAG(json_nulls), FROM_2_3, .lites = LITE_2, .source = "measured; proxy/validate_util.go"},
	{FLAG(json_scalars), .since = V(2, 4, 0), .lites = LITE_2, .source = "measured; proxy/validate_util.go"},
	{FLAG(upsert_replaces), FROM_2_3, .lites = LITE_2, .source = "measured; proxy/task_upsert.go"},
	{FLAG(insert_replaces), .lites = LITE_3, .source = "measured"},
	{FLAG(partial_update), .since = V(2, 6, 2), .lites = LITE_3, .source = "measured; proxy/task_upsert.go (18371773dd)"},
	{FLAG(upsert_keeps_auto_id), .lites = LITES, .source = "measured; proxy/util.go, checkUpsertPrimaryFieldData"},
	{FLAG(upsert_partitions), .since = V(2, 3, 10), .lasts = true, .lites = LITES, .source = "measured; pull request 30773"},
	{FLAG(quotes_in_keys), FROM_2_3, .lites = LITE_3, .source = "measured"},
	{FLAG(delete_by_filter), FROM_2_3, .lites = LITES, .source = "measured; proxy/task_delete.go"},
	{FLAG(delete_in_partition), FROM_2_3, .lites = LITE_2, .source = "measured"},

	{FLAG(groups), .since = V(2, 4, 0), .lites = LITES, .source = "measured; proxy/search_util.go"},
	{FLAG(group_sizes), .since = V(2, 5, 0), .source = "proxy/search_util.go; measured: Lite 3 leaves groups out"},
	{FLAG(rankers), .since = V(2, 6, 0), .source = "proxy/task_search.go (f23df95a77)"},
	{FLAG(searches_by_ids), .since = V(2, 6, 8), .source = "proxy/task_search.go (866e6b11be)"},
	{FLAG(highlights), .since = V(2, 6, 8), .source = "proxy/highlighter.go"},
	{FLAG(returns_all_vectors), FROM_2_3, .lites = LITE_3, .source = "measured"},
	{FLAG(range_search), FROM_2_3, .lites = LITES, .source = "measured; proxy/search_util.go"},
	{FLAG(range_steps), FROM_2_3, .lites = LITE_2, .source = "measured; proxy/search_util.go"},
	{FLAG(search_without_index), .lites = LITE_3, .source = "measured"},
};

/* --- versions --- */

/* the versions of Milvus that a server may be of; oldest 0: not known */
typedef struct VersionRange
{
	int			oldest;
	int			newest;
} VersionRange;

/*
 * Read a version up to what follows it.  A release has three numbers; two are
 * any release of theirs (a build of a branch, "2.6-20260720-387152383b").
 */
static VersionRange
read_numbers(const char *text, const char **rest)
{
	int			numbers[3] = {0, 0, -1};
	int			count = 0;

	while (count < 3 && isdigit((unsigned char) *text))
	{
		char	   *end;
		long		number = strtol(text, &end, 10);

		if (number > ANY_PATCH)
			break;
		numbers[count++] = (int) number;
		text = end;
		if (*text != '.' || count == 3)
			break;
		text++;
	}
	*rest = text;
	if (count < 2)
		return (VersionRange) {0, 0};
	return (VersionRange)
	{
		V(numbers[0], numbers[1], Max(numbers[2], 0)),
			V(numbers[0], numbers[1], count == 3 ? numbers[2] : ANY_PATCH)
	};
}

/* "-20260720-387152383b": of a build, by date and commit */
static bool
is_build_suffix(const char *text)
{
	return text[0] == '-' && strspn(text + 1, "0123456789") == 8 && text[9] == '-' &&
		text[10] != '\0' && strspn(text + 10, "0123456789abcdef") == strlen(text + 10);
}

/* "-rc1", "-rc.1", "-beta", "-alpha2": before the release of that name */
static bool
is_candidate_suffix(const char *text)
{
	static const char *const words[] = {"-rc", "-beta", "-alpha"};

	for (int i = 0; i < lengthof(words); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return strspn(text + strlen(words[i]), ".0123456789") == strlen(text + strlen(words[i]));
	return false;
}

/* What the Makefile, and those who package Milvus, put behind a release's number. */
static bool
is_release_suffix(const char *text)
{
	static const char *const words[] = {"", "-lite", "-dev", "-gpu", "-dev-gpu", "-hotfix"};

	for (int i = 0; i < lengthof(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/* A version that a candidate of this one has at least all of. */
static int
version_before(int version)
{
	int			major = version / 10000,
				minor = version / 100 % 100;

	if (version % 100 > 0)
		return version - 1;
	if (minor > 0)
		return V(major, minor - 1, 0);
	return major == 3 ? V(2, 6, 0) : 0;
}

/*
 * The versions that a server may be of which calls itself so.  What git
 * describe says of a commit after a tag ("v2.4.0-1234-gabcdef") tells nothing:
 * on the master branch the nearest tag may be years old.
 */
static VersionRange
read_version(const char *text)
{
	static const char managed[] = "Compatible with Milvus ";
	const char *compatible = strstr(text, managed);
	const char *rest;
	VersionRange range;

	/*
	 * Zilliz Cloud: "Zilliz Cloud Vector Database(Compatible with Milvus
	 * 2.5)"
	 */
	if (compatible)
	{
		text = compatible + strlen(managed);
		range = read_numbers(text + (text[0] == 'v'), &rest);
		return strcmp(rest, ")") == 0 ? range : (VersionRange) {0, 0};
	}
	range = read_numbers(text + (text[0] == 'v'), &rest);
	if (is_release_suffix(rest) || is_build_suffix(rest))
		return range;
	if (is_candidate_suffix(rest))
	{
		range.oldest = version_before(range.oldest);
		return range;
	}
	return (VersionRange) {0, 0};
}

/* Is the fact true of every version in the range? */
static bool
holds_throughout(const DialectFact *fact, VersionRange range)
{
	if (fact->since == 0 || range.oldest < fact->since)
		return false;

	/*
	 * nobody has seen it: only what was measured, and is true of the newest,
	 * is taken to stay so
	 */
	if (range.newest > NEWEST_READ)
		return (fact->since <= V(2, 3, 0) || fact->lasts) && fact->until == 0;
	if (fact->until == 0 || range.newest < fact->until)
		return true;
	return fact->again > 0 && range.oldest >= fact->again;
}

static int
parse_bound(const char *version)
{
	const char *rest;

	return read_numbers(version, &rest).oldest;
}

bool
dialect_reaches(const Dialect *dialect, const char *version)
{
	return dialect->oldest > 0 && dialect->oldest >= parse_bound(version);
}

bool
dialect_precedes(const Dialect *dialect, const char *version)
{
	return dialect->oldest > 0 && dialect->newest < parse_bound(version);
}

/* --- dialects --- */

static void
set_lite(Dialect *dialect, const char *name, int lite)
{
	dialect->name = name;
	for (int i = 0; i < lengthof(facts); i++)
		*(bool *) ((char *) dialect + facts[i].offset) = (facts[i].lites & lite) != 0;
	if (lite != LITE_3)
		return;

	/*
	 * it has no window, and pays by the request; Lite 2 is quadratic in the
	 * rows that have vectors
	 */
	dialect->max_window = dialect->max_vector_rows = 131072;
	dialect->max_vector_bytes = 32 * 1024 * 1024;
}

static char *
name_range(VersionRange range)
{
	int			major = range.oldest / 10000,
				minor = range.oldest / 100 % 100;

	if (range.oldest == range.newest)
		return psprintf("Milvus %d.%d.%d", major, minor, range.oldest % 100);
	if (range.oldest / 100 == range.newest / 100)
		return psprintf("Milvus %d.%d", major, minor);
	return psprintf("Milvus before %d.%d.%d", range.newest / 10000, range.newest / 100 % 100, range.newest % 100);
}

static void
set_range(Dialect *dialect, VersionRange range)
{
	dialect->name = name_range(range);
	dialect->oldest = range.oldest;
	dialect->newest = range.newest;
	for (int i = 0; i < lengthof(facts); i++)
		*(bool *) ((char *) dialect + facts[i].offset) = holds_throughout(&facts[i], range);
	dialect->max_vector_rows = dialect->max_window;
	dialect->max_vector_bytes = 32 * 1024 * 1024;
}

const Dialect *
dialect_find(const char *version)
{
	Dialect    *dialect = palloc0(sizeof(Dialect));
	VersionRange range = {0, 0};

	/* of the unknown server */
	dialect->name = "unknown";
	dialect->max_window = 16384;
	dialect->max_vector_rows = 1000;
	dialect->max_vector_bytes = 4 * 1024 * 1024;
	if (version)
		range = read_version(version);
	if (version == NULL)
		set_lite(dialect, "Milvus Lite 2", LITE_2);
	else if (strncmp(version, "milvus_lite", strlen("milvus_lite")) == 0)
		set_lite(dialect, "Milvus Lite 3", LITE_3);
	else if (range.oldest >= V(2, 3, 0))
		set_range(dialect, range);
	return dialect;
}

bool
dialect_has(const Dialect *dialect, const char *flag, const char **since)
{
	for (int i = 0; i < lengthof(facts); i++)
	{
		int			version = facts[i].since;

		if (strcmp(facts[i].flag, flag) != 0)
			continue;
		*since = version == 0 ? NULL :
			psprintf("%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
		return *(const bool *) ((const char *) dialect + facts[i].offset);
	}
	elog(ERROR, "dialects have no flag \"%s\"", flag);
}

bool
dialect_flag(const Dialect *dialect, int number, const char **name, bool *value, const char **source)
{
	if (number >= lengthof(facts))
		return false;
	*name = facts[number].flag;
	*value = *(const bool *) ((const char *) dialect + facts[number].offset);
	*source = facts[number].source;
	return true;
}
