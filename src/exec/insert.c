/*
 * insert.c
 *		The executor's callbacks of INSERT and COPY.
 *
 * Rows go into our own batch: core's batching is off for COPY before 16, with
 * RETURNING and with row triggers.  Only a key that the server makes and
 * somebody wants to see forces row by row.  A statement that also reads the
 * collection keeps its rows until its scans are done, so that none sees them.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "miscadmin.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "batch.h"
#include "compat.h"
#include "insert.h"

/* ResultRelInfo.ri_FdwState */
typedef struct InsertState
{
	MilvusTable *table;
	Batch	   *batch;
	bool		row_by_row;		/* the server's keys are wanted */
	AttrNumber	key_column;
	Tuplestorestate *kept;		/* rows kept until the scans are done, or NULL */
	TupleTableSlot *kept_slot;
	MemoryContext context;
} InsertState;

List *
milvusPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index resultRelation, int subplan_index)
{
	if (plan->operation == CMD_INSERT && plan->onConflictAction != ONCONFLICT_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("ON CONFLICT is not supported by milvus_fdw"),
				 errhint("With the table option insert_mode 'upsert' a row replaces the one with the same key.")));
	return NIL;
}

/* Does another part of the statement read the collection that is written? */
static bool
statement_reads_target(EState *estate, const InsertState *state, ResultRelInfo *rri)
{
	MilvusTable *table = state->table;
	ListCell   *lc;

	foreach(lc, estate->es_range_table)
	{
		RangeTblEntry *rte = lfirst(lc);
		ForeignTable *foreign;
		TableOptions options;

		/* the target itself stands there once; anything else of this kind is read */
		if (rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_FOREIGN_TABLE ||
			foreach_current_index(lc) + 1 == rri->ri_RangeTableIndex)
			continue;
		foreign = GetForeignTable(rte->relid);
		if (foreign->serverid != table->connection->serverid)
			continue;
		option_get_table(foreign, GetForeignServer(foreign->serverid), get_rel_name(rte->relid), &options);
		if (strcmp(options.dbname, table->options.dbname) != 0)
			continue;
		/* an alias is another name of the same collection */
		if (strcmp(options.collection, table->options.collection) == 0 ||
			strcmp(collection_describe(table->connection, options.dbname, options.collection, false)->name,
				   table->collection->name) == 0)
			return true;
	}
	return false;
}

static void
begin_insert(ModifyTableState *mtstate, ResultRelInfo *rri)
{
	EState	   *estate = mtstate->ps.state;
	/* COPY has no plan; RETURNING's projection is made only after this */
	ModifyTable *plan = (ModifyTable *) mtstate->ps.plan;
	InsertState *state = palloc0(sizeof(InsertState));
	RangeTblEntry *rte pg_attribute_unused() = rri->ri_RangeTableIndex > 0 ?
		exec_rt_fetch(rri->ri_RangeTableIndex, estate) : NULL;
	Oid			user = compat_result_check_as_user(estate, rri, rte);
	bool		keys_wanted;

	/* a description that is out of date could kill the server */
	state->table = table_open_remote(rri->ri_RelationDesc, OidIsValid(user) ? user : GetUserId(), true);
	if (!state->table->options.updatable)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("foreign table \"%s\" does not allow inserts", state->table->relname),
				 errdetail("Its option \"updatable\", or its server's, is false.")));
	state->context = estate->es_query_cxt;
	state->batch = batch_begin(state->table);
	state->key_column = table_find_column(state->table, state->table->collection->primary_key);
	keys_wanted = (plan && plan->returningLists != NIL) ||
		(rri->ri_TrigDesc && rri->ri_TrigDesc->trig_insert_after_row);
	state->row_by_row = batch_has_auto_id(state->table) && state->key_column > 0 && keys_wanted;
	if (statement_reads_target(estate, state, rri))
	{
		if (state->row_by_row)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot return keys made by Milvus from a statement that also reads foreign table \"%s\"",
							state->table->relname)));
		state->kept = tuplestore_begin_heap(false, false, work_mem);
		state->kept_slot = MakeSingleTupleTableSlot(RelationGetDescr(rri->ri_RelationDesc), &TTSOpsMinimalTuple);
	}
	rri->ri_FdwState = state;
}

void
milvusBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rri, List *fdw_private,
						 int subplan_index, int eflags)
{
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	begin_insert(mtstate, rri);
}

void
milvusBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rri)
{
	begin_insert(mtstate, rri);
}

TupleTableSlot *
milvusExecForeignInsert(EState *estate, ResultRelInfo *rri, TupleTableSlot *slot, TupleTableSlot *planSlot)
{
	InsertState *state = rri->ri_FdwState;
	MemoryContext caller;
	Datum		key;

	if (state->kept)
	{
		caller = MemoryContextSwitchTo(state->context);
		tuplestore_puttupleslot(state->kept, slot);
		MemoryContextSwitchTo(caller);
		return slot;
	}
	batch_add(state->batch, slot);
	if (!state->row_by_row)
		return slot;
	caller = MemoryContextSwitchTo(slot->tts_mcxt);
	batch_finish(state->batch, &key);
	slot_getallattrs(slot);
	slot->tts_values[state->key_column - 1] = key;
	slot->tts_isnull[state->key_column - 1] = false;
	MemoryContextSwitchTo(caller);
	return slot;
}

static void
end_insert(ResultRelInfo *rri)
{
	InsertState *state = rri->ri_FdwState;

	if (state == NULL)
		return;
	rri->ri_FdwState = NULL;
	if (state->kept)
	{
		while (tuplestore_gettupleslot(state->kept, true, false, state->kept_slot))
		{
			CHECK_FOR_INTERRUPTS();
			batch_add(state->batch, state->kept_slot);
		}
		tuplestore_end(state->kept);
		ExecDropSingleTupleTableSlot(state->kept_slot);
	}
	batch_finish(state->batch, NULL);
}

void
milvusEndForeignModify(EState *estate, ResultRelInfo *rri)
{
	end_insert(rri);
}

void
milvusEndForeignInsert(EState *estate, ResultRelInfo *rri)
{
	end_insert(rri);
}

int
milvusIsForeignRelUpdatable(Relation rel)
{
	ForeignTable *foreign = GetForeignTable(RelationGetRelid(rel));
	TableOptions options;

	option_get_table(foreign, GetForeignServer(foreign->serverid), RelationGetRelationName(rel), &options);
	return options.updatable ? 1 << CMD_INSERT : 0;
}
