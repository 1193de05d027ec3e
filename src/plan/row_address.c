/*
 * row_address.c
 *		ctid, xmin and their like, which rows of a collection do not have.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/heap.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"

#include "row_address.h"

typedef struct AddressSearch
{
	Relids		relids;			/* the relation and its parents, all of one
								 * query level */
	int			level;			/* how many queries below that level we are */
	AttrNumber	found;
} AddressSearch;

/*
 * The planner adds columns of that name to know rows by, where a query changes
 * them or locks them (preptlist.c, inherit.c).
 */
static bool
is_planners_own(const TargetEntry *entry)
{
	return entry->resjunk && entry->resname && strncmp(entry->resname, "ctid", strlen("ctid")) == 0;
}

static bool
names_address(Node *node, AddressSearch *search)
{
	bool		found;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		search->found = ((Var *) node)->varattno;
		return search->found < 0 && search->found != TableOidAttributeNumber &&
			(int) ((Var *) node)->varlevelsup == search->level &&
			bms_is_member(((Var *) node)->varno, search->relids);
	}
	if (IsA(node, TargetEntry) && search->level == 0 && is_planners_own((TargetEntry *) node))
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, names_address, search);
	search->level++;
	found = query_tree_walker((Query *) node, names_address, search, 0);
	search->level--;
	return found;
}

void
row_address_refuse(PlannerInfo *root, Index relid)
{
	AddressSearch search = {bms_make_singleton(relid), 0, 0};

	/* of a partition the query names the parent's */
	for (Index child = relid; root->append_rel_array && root->append_rel_array[child];)
	{
		child = root->append_rel_array[child]->parent_relid;
		search.relids = bms_add_member(search.relids, child);
	}
	if (query_tree_walker(root->parse, names_address, &search, 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("rows of foreign table \"%s\" have no %s",
						planner_rt_fetch(relid, root)->eref->aliasname, NameStr(SystemAttributeDefinition(search.found)->attname)),
				 errdetail("Milvus knows rows by their primary keys only.")));
	bms_free(search.relids);
}
