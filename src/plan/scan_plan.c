/*
 * scan_plan.c
 *		What a ForeignScan node carries from planning to execution.
 */
#include "postgres.h"

#include "nodes/value.h"

#include "compat.h"
#include "scan_plan.h"

/* the integers among the members, in their order in the list */
enum
{
	KIND, RELID, RELIED_ON, LIMIT, OFFSET, ONE_AHEAD, DROPS_ROWS, HAS_WORDS, HAS_SEARCH,
	SEARCH_ATTNUM, SEARCH_KIND, SEARCH_NEGATED, SEARCH_FUNCTION, SEARCH_QUERY, SEARCH_BOUND, SEARCH_BOUND_IS_OPEN, SEARCH_BOUND_IS_TURNED,
	FUSION_BY_RANK, FUSION_PARAMETER, FUSION_CANDIDATES, FUSION_LEG_PARAMS,
	NUMBERS
};

/* the whole list */
enum
{
	PLAN_NUMBERS, PLAN_FILTERS, PLAN_COLUMNS, PLAN_RECHECK_COLUMNS, PLAN_LOCAL_REASONS, PLAN_SEARCH_REASON, PLAN_LEGS
};

List *
scan_plan_write(const ScanPlan *plan)
{
	const int	numbers[NUMBERS] = {
		[KIND] = plan->kind,
		[RELID] = (int) plan->relid,
		[RELIED_ON] = plan->relied_on,
		[LIMIT] = plan->limit,
		[OFFSET] = plan->offset,
		[ONE_AHEAD] = plan->one_ahead,
		[DROPS_ROWS] = plan->drops_rows,
		[HAS_WORDS] = plan->has_words,
		[HAS_SEARCH] = plan->has_search,
		[SEARCH_ATTNUM] = plan->search.attnum,
		[SEARCH_KIND] = plan->search.kind,
		[SEARCH_NEGATED] = plan->search.negated,
		[SEARCH_FUNCTION] = (int) plan->search.function,
		[SEARCH_QUERY] = plan->search.query,
		[SEARCH_BOUND] = plan->search.bound,
		[SEARCH_BOUND_IS_OPEN] = plan->search.bound_is_open,
		[SEARCH_BOUND_IS_TURNED] = plan->search.bound_is_turned,
		[FUSION_BY_RANK] = plan->fusion.by_rank,
		[FUSION_PARAMETER] = plan->fusion.parameter,
		[FUSION_CANDIDATES] = plan->fusion.candidates,
		[FUSION_LEG_PARAMS] = plan->fusion.leg_params
	};
	List	   *list = NIL;

	for (int i = 0; i < NUMBERS; i++)
		list = lappend_int(list, numbers[i]);
	list = list_make5(list, plan->filters, plan->columns, plan->recheck_columns, plan->local_reasons);
	list = lappend(list, makeString(pstrdup(plan->search_reason)));
	return lappend(list, plan->fusion.legs);
}

void
scan_plan_read(List *fdw_private, ScanPlan *plan)
{
	List	   *numbers = list_nth(fdw_private, PLAN_NUMBERS);

	*plan = (ScanPlan)
	{
		.kind = list_nth_int(numbers, KIND),
			.relid = (Oid) list_nth_int(numbers, RELID),
			.relied_on = list_nth_int(numbers, RELIED_ON),
			.limit = list_nth_int(numbers, LIMIT),
			.offset = list_nth_int(numbers, OFFSET),
			.one_ahead = list_nth_int(numbers, ONE_AHEAD) != 0,
			.drops_rows = list_nth_int(numbers, DROPS_ROWS) != 0,
			.has_words = list_nth_int(numbers, HAS_WORDS) != 0,
			.has_search = list_nth_int(numbers, HAS_SEARCH) != 0,
			.search.attnum = list_nth_int(numbers, SEARCH_ATTNUM),
			.search.kind = list_nth_int(numbers, SEARCH_KIND),
			.search.negated = list_nth_int(numbers, SEARCH_NEGATED) != 0,
			.search.function = (Oid) list_nth_int(numbers, SEARCH_FUNCTION),
			.search.query = list_nth_int(numbers, SEARCH_QUERY),
			.search.bound = list_nth_int(numbers, SEARCH_BOUND),
			.search.bound_is_open = list_nth_int(numbers, SEARCH_BOUND_IS_OPEN) != 0,
			.search.bound_is_turned = list_nth_int(numbers, SEARCH_BOUND_IS_TURNED) != 0,
			.fusion.by_rank = list_nth_int(numbers, FUSION_BY_RANK) != 0,
			.fusion.parameter = list_nth_int(numbers, FUSION_PARAMETER),
			.fusion.candidates = list_nth_int(numbers, FUSION_CANDIDATES),
			.fusion.leg_params = list_nth_int(numbers, FUSION_LEG_PARAMS),
			.fusion.legs = list_nth(fdw_private, PLAN_LEGS),
			.filters = list_nth(fdw_private, PLAN_FILTERS),
			.columns = list_nth(fdw_private, PLAN_COLUMNS),
			.recheck_columns = list_nth(fdw_private, PLAN_RECHECK_COLUMNS),
			.local_reasons = list_nth(fdw_private, PLAN_LOCAL_REASONS),
			.search_reason = strVal(list_nth(fdw_private, PLAN_SEARCH_REASON))
	};
}
