/*
 * relation.c
 *		What is known of a foreign table before it is planned: which of its
 *		conditions are sent, how many rows it has, that its key is unique.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_am.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "relation.h"
#include "row_address.h"

/* of a collection whose size the server does not tell */
#define DEFAULT_ROWS 1000

/* Which conditions are sent, and why the others are not. */
static void
classify_conditions(RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst(lc);
		List	   *values = list_copy(relation->values);
		const char *reason = NULL;
		List	   *tree = NIL;

		if (!rinfo->pseudoconstant)
			tree = filter_compile(relation->table, rel->relid, rinfo->clause, &values, &reason);
		if (tree)
			reason = filter_clash(relation->table, relation->filters, tree);
		if (tree && reason == NULL)
		{
			relation->remote_conds = lappend(relation->remote_conds, rinfo);
			relation->filters = lappend(relation->filters, tree);
			relation->values = values;
		}
		else
		{
			relation->local_conds = lappend(relation->local_conds, rinfo);
			relation->local_reasons = lappend(relation->local_reasons,
											  makeString(pstrdup(reason ? reason : "it does not depend on the row")));
		}
	}
}

/*
 * The primary key as a unique index, which the planner may reason with though
 * nothing can scan it: a lookup by key finds one row, a join by it does not
 * multiply rows.
 */
static void
declare_unique_key(RelOptInfo *rel)
{
	PlanRelation *relation = rel->fdw_private;
	MilvusTable *table = relation->table;
	AttrNumber	attnum = table_find_column(table, table->collection->primary_key);
	IndexOptInfo *index;
	Oid			opclass,
				type,
				collation;
	int32		typmod;

	if (attnum == 0 || !table->options.unique_keys)
		return;
	get_atttypetypmodcoll(table->relid, attnum, &type, &typmod, &collation);

	/*
	 * Milvus' keys differ by their bytes: to such a collation some may be
	 * equal
	 */
	if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
		return;
	opclass = GetDefaultOpClass(type, BTREE_AM_OID);
	if (!OidIsValid(opclass))
		return;
	index = makeNode(IndexOptInfo);
	index->rel = rel;
	index->ncolumns = index->nkeycolumns = 1;
	index->indexkeys = palloc(sizeof(int));
	index->indexkeys[0] = attnum;
	index->indexcollations = palloc(sizeof(Oid));
	index->indexcollations[0] = collation;
	index->opfamily = palloc(sizeof(Oid));
	index->opfamily[0] = get_opclass_family(opclass);
	index->opcintype = palloc(sizeof(Oid));
	index->opcintype[0] = get_opclass_input_type(opclass);
	index->unique = index->immediate = true;
	index->hypothetical = true;
	rel->indexlist = lappend(rel->indexlist, index);
}

/* How many rows the table has: what ANALYZE counted, or what the server says now. */
static double
estimate_table_rows(RelOptInfo *rel, const MilvusTable *table)
{
	double		rows = table->collection->rows;

	if (table->options.partition && rows > 0)
	{
		if (rel->tuples > 0)
			return rel->tuples;
		return Max(rows / Max(table->collection->npartitions, 1), 1);
	}
	if (rows < 0)
		rows = rel->tuples;
	return rows > 0 ? rows : DEFAULT_ROWS;
}

void
relation_check_rights(PlannerInfo *root, Index named, Oid user)
{
	AclMode		any = ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE;
	Oid			relid;

	while (root->append_rel_array && root->append_rel_array[named] && OidIsValid(root->append_rel_array[named]->parent_reloid))
		named = root->append_rel_array[named]->parent_relid;
	relid = planner_rt_fetch(named, root)->relid;
	if (pg_class_aclmask(relid, user, any, ACLMASK_ANY) == 0 &&
		pg_attribute_aclcheck_all(relid, user, ACL_SELECT | ACL_INSERT | ACL_UPDATE, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
}

void
milvusGetForeignRelSize(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	PlanRelation *relation = palloc0(sizeof(PlanRelation));
	Relation	rd = table_open(relid, NoLock);

	row_address_refuse(root, rel->relid);
	relation_check_rights(root, rel->relid, compat_rel_user(root, rel));
	relation->table = table_open_remote(rd, compat_rel_user(root, rel), DESCRIPTION_CACHED);
	table_close(rd, NoLock);
	rel->fdw_private = relation;
	classify_conditions(rel);
	declare_unique_key(rel);
	relation->table_rows = estimate_table_rows(rel, relation->table);
	rel->tuples = relation->table_rows;
	set_baserel_size_estimates(root, rel);
}
