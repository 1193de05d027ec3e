/*
 * words_check.c
 *		What only a server can compute is sent, or the query is refused.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "compat.h"
#include "filter/words.h"
#include "relation.h"

static _Noreturn void
refuse(const PlanRelation *relation, bool ranks, const char *reason, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 ranks ? errmsg("foreign table \"%s\" cannot be ranked so", relation->table->relname) :
			 errmsg("the words in foreign table \"%s\" cannot be matched so", relation->table->relname),
			 reason ? errdetail("Only Milvus can do it, and %s.", reason) : 0,
			 hint ? errhint("%s", hint) : 0));
}

static bool
any_occurs(Node *node, Index relid, bool *ranks)
{
	*ranks = words_occur(node, relid, true);
	return *ranks || words_occur(node, relid, false);
}

static bool
is_rank(Oid function, void *context)
{
	return words_ranks(words_function(function));
}

/* Is there a rank that is not the one of the search? */
static bool
has_other_rank(Node *node, void *context)
{
	const SearchClause *search = context;

	if (node == NULL || equal(node, search->distance))
		return false;
	return check_functions_in_node(node, is_rank, NULL) || expression_tree_walker(node, has_other_rank, context);
}

/* Is a rank what an aggregate, or a window function, is computed of? */
static bool
aggregates_rank(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if ((IsA(node, Aggref) || IsA(node, WindowFunc)) && words_occur(node, 0, true))
		return true;
	return expression_tree_walker(node, aggregates_rank, context);
}

/* Is a row asked for as a whole, or its address? */
static bool
wants_whole_row(Node *output, Index relid)
{
	ListCell   *lc;

	foreach(lc, pull_var_clause(output, PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS))
	{
		if (((Var *) lfirst(lc))->varno == relid && ((Var *) lfirst(lc))->varattno <= 0)
			return true;
	}
	return false;
}

static void
check_conditions(PlanRelation *relation, RelOptInfo *rel, const SearchClause *search)
{
	ListCell   *lc,
			   *reason;
	bool		ranks;

	forboth(lc, relation->local_conds, reason, relation->local_reasons)
	{
		Expr	   *clause = ((RestrictInfo *) lfirst(lc))->clause;

		if (search_enforces(search, clause) || !any_occurs((Node *) clause, rel->relid, &ranks))
			continue;
		if (ranks)
			refuse(relation, ranks, relation->search_reason, "A condition can be a bound of the rank that orders the rows: WHERE body <@> 'words' < 0.");
		refuse(relation, ranks, strVal(lfirst(reason)), NULL);
	}
	foreach(lc, rel->joininfo)
	{
		if (any_occurs((Node *) ((RestrictInfo *) lfirst(lc))->clause, rel->relid, &ranks))
			refuse(relation, ranks, "a value comes from another table",
				   "Put the search into a subquery: LATERAL (SELECT ... ORDER BY ... LIMIT ...).");
	}
}

void
words_check(PlannerInfo *root, RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	SearchClause *search = relation->search ? relation->search : relation->range;
	Index		relid = rel->top_parent_relids ? bms_singleton_member(rel->top_parent_relids) : rel->relid;
	Node	   *output = (Node *) root->processed_tlist;
	bool		ranks;

	if (search && !distance_is_only_in_milvus(search->kind))
		search = NULL;
	check_conditions(relation, rel, search);
	/* a member of a UNION ALL has what is computed of it in its own target */
	if (rel->reloptkind == RELOPT_OTHER_MEMBER_REL && any_occurs((Node *) rel->reltarget->exprs, rel->relid, &ranks))
		refuse(relation, ranks, "only where it reads one table", "Put each search into a subquery of its own, with ORDER BY and LIMIT.");
	if (any_occurs(root->parse->havingQual, relid, &ranks))
		refuse(relation, ranks, "it cannot say so of a group", "Use it in WHERE.");
	if (!any_occurs(output, relid, &ranks))
		return;
	if (!ranks)
		refuse(relation, ranks, "it cannot say so of a row", "Use it in WHERE.");
	if (search == NULL)
		refuse(relation, ranks, relation->search_reason ? relation->search_reason : "rows are not in that order",
			   "Write ORDER BY ... LIMIT 10 by the rank alone, best first.");
	if (aggregates_rank(output, NULL) || (root->parse->hasWindowFuncs && relation->search == NULL))
		refuse(relation, ranks, "what is computed of a rank needs a subquery", "Put the search into a subquery of its own, with ORDER BY and LIMIT.");
	if (wants_whole_row(output, relid))
		refuse(relation, ranks, "beside a rank the columns must be named", NULL);
	if (!search_delivers_distance(root, rel, search))
		refuse(relation, ranks, "only where it reads one table",
			   "Put the search into a subquery of its own, with ORDER BY and LIMIT.");
	if (has_other_rank(output, search))
		refuse(relation, ranks, "by one rank at a time", "Put each search into a subquery of its own.");
}
