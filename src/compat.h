/*
 * compat.h
 *		Every difference between the supported PostgreSQL versions (15 to 19).
 *
 * No other file tests PG_VERSION_NUM.
 */
#ifndef MILVUS_COMPAT_H
#define MILVUS_COMPAT_H

#include "postgres.h"

#include "commands/explain.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "access/stratnum.h"
#include "catalog/pg_foreign_server.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/pathnodes.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 lets a module tell its name and version */
#if PG_VERSION_NUM >= 180000
#define MILVUS_MODULE_MAGIC(name_, version_) PG_MODULE_MAGIC_EXT(.name = name_, .version = version_)
#else
#define MILVUS_MODULE_MAGIC(name_, version_) PG_MODULE_MAGIC
#endif

/* 16 added the declaration of _PG_init to fmgr.h */
#if PG_VERSION_NUM < 160000
extern PGDLLEXPORT void _PG_init(void);
#endif

/* What pg_stat_activity shows of a backend that waits: 17 lets extensions name that. */
static inline uint32
compat_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* What others measure of a query goes on, and stops.  19 has another member for it. */
static inline void
compat_measure_query(QueryDesc *query, bool start)
{
#if PG_VERSION_NUM >= 190000
	if (query->query_instr)
		(start ? InstrStart : InstrStop) (query->query_instr);
#else
	if (query->totaltime && start)
		InstrStartNode(query->totaltime);
	else if (query->totaltime)
		InstrStopNode(query->totaltime, 0);
#endif
}

/*
 * A foreign path of a base relation.  17 added fdw_restrictinfo, 18 added
 * disabled_nodes.
 */
static inline ForeignPath *
compat_create_foreignscan_path(PlannerInfo *root, RelOptInfo *rel, double rows,
							   Cost startup_cost, Cost total_cost, List *pathkeys,
							   Relids required_outer, List *fdw_private)
{
#if PG_VERSION_NUM >= 180000
	return create_foreignscan_path(root, rel, NULL, rows, 0, startup_cost, total_cost,
								   pathkeys, required_outer, NULL, NIL, fdw_private);
#elif PG_VERSION_NUM >= 170000
	return create_foreignscan_path(root, rel, NULL, rows, startup_cost, total_cost,
								   pathkeys, required_outer, NULL, NIL, fdw_private);
#else
	return create_foreignscan_path(root, rel, NULL, rows, startup_cost, total_cost,
								   pathkeys, required_outer, NULL, fdw_private);
#endif
}

/* 19 wants to be told when a tuple descriptor is complete */
#if PG_VERSION_NUM >= 190000
#define compat_finalize_tupdesc(tupdesc) TupleDescFinalize(tupdesc)
#else
#define compat_finalize_tupdesc(tupdesc) ((void) 0)
#endif

/* Is a relation one that the statement writes to?  19 made the list a set. */
#if PG_VERSION_NUM >= 190000
#define compat_is_result_relation(statement, relid) bms_is_member(relid, (statement)->resultRelationRelids)
#else
#define compat_is_result_relation(statement, relid) list_member_int((statement)->resultRelations, relid)
#endif

/* the user whose mapping a foreign scan uses: 16 moved checkAsUser into the plan node */
#if PG_VERSION_NUM >= 160000
#define compat_scan_check_as_user(scan, rte) ((scan)->checkAsUser)
#else
#define compat_scan_check_as_user(scan, rte) ((rte)->checkAsUser)
#endif

/* the same for the target of an INSERT */
#if PG_VERSION_NUM >= 160000
#define compat_result_check_as_user(estate, rri) ExecGetResultRelCheckAsUser(rri, estate)
#else
static inline Oid
compat_result_check_as_user(EState *estate, ResultRelInfo *rri)
{
	/* a partition that rows are routed into has no entry of its own */
	Index		index = rri->ri_RangeTableIndex > 0 || rri->ri_RootResultRelInfo == NULL ?
		rri->ri_RangeTableIndex : rri->ri_RootResultRelInfo->ri_RangeTableIndex;
	Oid			user = index > 0 ? exec_rt_fetch(index, estate)->checkAsUser : InvalidOid;

	return OidIsValid(user) ? user : GetUserId();
}
#endif

/* 18 says a pathkey's direction by comparison, no longer by btree's strategy */
#if PG_VERSION_NUM >= 180000
#define compat_pathkey_ascends(pathkey) ((pathkey)->pk_cmptype == COMPARE_LT)
#else
#define compat_pathkey_ascends(pathkey) ((pathkey)->pk_strategy == BTLessStrategyNumber)
#endif

/*
 * The expression of an equivalence class that is computed from exactly these
 * relations, or NULL.  18 keeps the members of child relations apart.
 */
static inline Expr *
compat_eclass_expr(EquivalenceClass *eclass, Relids relids)
{
	EquivalenceMember *member;
#if PG_VERSION_NUM >= 180000
	EquivalenceMemberIterator iterator;

	setup_eclass_member_iterator(&iterator, eclass, relids);
	while ((member = eclass_member_iterator_next(&iterator)) != NULL)
		if (bms_equal(member->em_relids, relids))
			return member->em_expr;
#else
	ListCell   *lc;

	foreach(lc, eclass->ec_members)
	{
		member = lfirst(lc);
		if (bms_equal(member->em_relids, relids))
			return member->em_expr;
	}
#endif
	return NULL;
}

/*
 * A foreign path of an upper relation: 17 and 18 changed it as they changed
 * that of a base relation.
 */
static inline ForeignPath *
compat_create_foreign_upper_path(PlannerInfo *root, RelOptInfo *rel, PathTarget *target, double rows,
								 Cost startup_cost, Cost total_cost, List *fdw_private)
{
#if PG_VERSION_NUM >= 180000
	return create_foreign_upper_path(root, rel, target, rows, 0, startup_cost, total_cost,
									 NIL, NULL, NIL, fdw_private);
#elif PG_VERSION_NUM >= 170000
	return create_foreign_upper_path(root, rel, target, rows, startup_cost, total_cost,
									 NIL, NULL, NIL, fdw_private);
#else
	return create_foreign_upper_path(root, rel, target, rows, startup_cost, total_cost,
									 NIL, NULL, fdw_private);
#endif
}

/* at plan time: RelOptInfo.userid is set from 16 on, RTEs carry it before */
static inline Oid
compat_rel_user(PlannerInfo *root, RelOptInfo *rel)
{
#if PG_VERSION_NUM >= 160000
	return OidIsValid(rel->userid) ? rel->userid : GetUserId();
#else
	RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);

	return OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
#endif
}

/* the same of a target, whose partitions 16 gives no permissions of their own */
static inline Oid
compat_target_user(PlannerInfo *root, RangeTblEntry *rte)
{
	Oid			user;

#if PG_VERSION_NUM >= 160000
	if (rte->perminfoindex == 0)
		rte = planner_rt_fetch(root->parse->resultRelation, root);
	user = getRTEPermissionInfo(root->parse->rteperminfos, rte)->checkAsUser;
#else
	user = rte->checkAsUser;
#endif
	return OidIsValid(user) ? user : GetUserId();
}

/* 16 replaced the ACL functions of each catalog by one */
static inline void
compat_check_server_usage(ForeignServer *server)
{
#if PG_VERSION_NUM >= 160000
	AclResult	result = object_aclcheck(ForeignServerRelationId, server->serverid, GetUserId(), ACL_USAGE);
#else
	AclResult	result = pg_foreign_server_aclcheck(server->serverid, GetUserId(), ACL_USAGE);
#endif

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, server->servername);
}

/* 18 can leave room before the tuple */
#if PG_VERSION_NUM >= 180000
#define compat_form_minimal_tuple(tupdesc, values, nulls) heap_form_minimal_tuple(tupdesc, values, nulls, 0)
#else
#define compat_form_minimal_tuple(tupdesc, values, nulls) heap_form_minimal_tuple(tupdesc, values, nulls)
#endif

#endif							/* MILVUS_COMPAT_H */
