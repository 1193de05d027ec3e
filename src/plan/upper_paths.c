/*
 * upper_paths.c
 *		count(*) as the server's own.
 */
#include "postgres.h"

#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "utils/fmgroids.h"

#include "compat.h"
#include "relation.h"

/*
 * Does it count every row: count(*), or count() of what is never null?
 * What a partition gives to the count of the whole is the same number.
 */
static bool
counts_all_rows(Aggref *aggregate, RelOptInfo *rel, const MilvusTable *table)
{
	Var		   *argument;

	if (aggregate->aggfilter || aggregate->aggdistinct || aggregate->aggorder || aggregate->agglevelsup != 0 ||
		(aggregate->aggsplit != AGGSPLIT_SIMPLE && aggregate->aggsplit != AGGSPLIT_INITIAL_SERIAL))
		return false;
	if (aggregate->aggfnoid == F_COUNT_)
		return true;
	if (aggregate->aggfnoid != F_COUNT_ANY)
		return false;
	argument = (Var *) ((TargetEntry *) linitial(aggregate->args))->expr;
	if (IsA(argument, Const))
		return !((Const *) argument)->constisnull;
	return IsA(argument, Var) && argument->varno == rel->relid && argument->varattno > 0 &&
		table->columns[argument->varattno - 1].name &&
		table->columns[argument->varattno - 1].dynamic_key == NULL &&
		!table->columns[argument->varattno - 1].field->nullable;
}

void
milvusGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage,
						   RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra)
{
	PlanRelation *relation = input_rel->fdw_private;
	Query	   *parse = root->parse;
	PathTarget *target = output_rel->reltarget;
	List	   *aggregates;
	ListCell   *lc;
	Cost		cost = REQUEST_COST + ROW_COST;

	if ((stage != UPPERREL_GROUP_AGG && stage != UPPERREL_PARTIAL_GROUP_AGG) ||
		relation == NULL || !IS_SIMPLE_REL(input_rel))
		return;
	if (parse->groupClause || parse->groupingSets || parse->havingQual || root->hasHavingQual ||
		root->rowMarks || relation->local_conds || !relation->table->options.unique_keys ||
		!filter_is_always_written(relation->table, relation->filters, relation->values))
		return;
	aggregates = pull_var_clause((Node *) target->exprs, PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_PLACEHOLDERS);
	if (aggregates == NIL)
		return;
	foreach(lc, aggregates)
	{
		if (!IsA(lfirst(lc), Aggref) || !counts_all_rows(lfirst(lc), input_rel, relation->table))
			return;
	}
	output_rel->fdw_private = relation;
	add_path(output_rel, (Path *) compat_create_foreign_upper_path(root, output_rel, target, 1, cost,
																   cost + cpu_tuple_cost,
																   list_make1(makeInteger(PATH_COUNT))));
}
