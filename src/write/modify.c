/*
 * modify.c
 *		The executor's callbacks of INSERT, UPDATE, DELETE and COPY.
 *
 * Rows go into our own batches: core's batching is off for COPY before 16, with
 * RETURNING, with row triggers, and there is none for UPDATE and DELETE.  Only a
 * key that the server makes and somebody wants to see forces row by row.  A
 * statement that reads the collection elsewhere than in the scan that feeds it
 * keeps its rows until all has been read, so that it never sees its own.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "batch.h"
#include "remote/begin.h"
#include "compat.h"
#include "conflict.h"
#include "deletion.h"
#include "read/keys.h"
#include "modify.h"
#include "plan/modify_table.h"
#include "read/scan.h"
#include "read/show.h"
#include "update.h"
#include "value/vector.h"

/*
 * ResultRelInfo.ri_FdwState.  Of batch, update and deletion one is there, and does the
 * work.  Rows are given to it as they come, or, while the statement still reads what it
 * writes to, put into kept, and given to it at the end.  collected.has_unsent holds from
 * the first row given to it until the server has acknowledged all.
 */
typedef struct ModifyState
{
	CollectedRows collected;	/* those given to one of the three below */
	dlist_node	node;			/* in open_states */
	MemoryContextCallback forget;
	EState	   *estate;
	ModifyTableState *node_state;
	CmdType		operation;
	MilvusTable *table;
	Sender	   *sender;
	/* one of the three */
	Batch	   *batch;			/* INSERT */
	Update	   *update;
	Deletion   *deletion;
	bool		row_by_row;		/* the server's keys are wanted */
	List	   *defaulted;		/* columns to be shown with what the server
								 * stores for NULL */
	List	   *rounded;		/* columns of vectors that the field rounds,
								 * to be shown so */
	bool		ended;
	ErrorData  *failure;		/* of writing for a reader, who may have
								 * caught it */
	AttrNumber	key_column;
	ConflictCheck *conflicts;	/* of an INSERT ... ON CONFLICT DO NOTHING; or
								 * NULL */

	/* UPDATE and DELETE */
	AttrNumber	key_junk;		/* the old key, in the plan's tuple */
	AttrNumber	row_junk;		/* the old row, or 0 */
	KeyMaker	key_maker;
	KeyMaker	new_key_maker;
	KeySet	   *seen;			/* a join may bring a row twice: only the
								 * first counts; or NULL */

	Tuplestorestate *kept;		/* rows, or keys, kept until all has been
								 * read; or NULL */
	TupleTableSlot *kept_slot;
	TupleTableSlot *key_slot;	/* of a DELETE: a tuple of the key alone */
	MemoryContext context;
} ModifyState;

/* those of all statements under way */
static dlist_head open_states = DLIST_STATIC_INIT(open_states);
static ExecutorFinish_hook_type next_executor_finish = NULL;

static void write_for_others(CollectedRows *collected);

static void
forget_state(void *arg)
{
	ModifyState *state = arg;

	dlist_delete(&state->node);
	begin_forget_collected(&state->collected);
}

/* Does another part of the statement read the collection that is written? */
static bool
statement_reads_target(EState *estate, const MilvusTable *table, ResultRelInfo *rri)
{
	ListCell   *lc;

	foreach(lc, estate->es_range_table)
	{
		RangeTblEntry *rte = lfirst(lc);
		ForeignTable *foreign;
		TableOptions options;

		/*
		 * the target itself stands there once; anything else of this kind is
		 * read
		 */
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
			strcmp(collection_describe(table->connection, options.dbname, options.collection, DESCRIPTION_CACHED)->name,
				   table->collection->name) == 0)
			return true;
	}
	return false;
}

/* Are the rows to change those of a scan in the order of keys, and of nothing else? */
static bool
is_fed_by_scan(Plan *subplan)
{
	if (subplan && IsA(subplan, ForeignScan))
		return true;
	if (subplan && IsA(subplan, Append))
	{
		ListCell   *lc;

		foreach(lc, ((Append *) subplan)->appendplans)
		{
			if (!IsA(lfirst(lc), ForeignScan))
				return false;
		}
		return true;
	}
	return false;
}

/* Must rows wait until everything has been read, and all checks been made? */
static bool
must_keep(const ModifyState *state, ModifyTable *plan, ResultRelInfo *rri)
{
	if (statement_reads_target(state->estate, state->table, rri))
		return true;
	if (plan == NULL)
		return false;
	return plan->withCheckOptionLists != NIL ||
		(state->operation != CMD_INSERT && !is_fed_by_scan(outerPlan(plan)));
}

static TupleDesc
make_key_desc(const MilvusTable *table, AttrNumber key_column)
{
	const TableColumn *column = &table->columns[key_column - 1];
	TupleDesc	desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, column->name, column->typeid, column->typmod, 0);
	compat_finalize_tupdesc(desc);
	return desc;
}

static void
begin_keeping(ModifyState *state, ResultRelInfo *rri)
{
	TupleDesc	desc = state->operation == CMD_DELETE ?
		state->key_slot->tts_tupleDescriptor : CreateTupleDescCopy(RelationGetDescr(rri->ri_RelationDesc));

	if (state->row_by_row)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot return keys made by Milvus from a statement that also reads foreign table \"%s\"",
						state->table->relname)));
	state->kept = tuplestore_begin_heap(false, false, work_mem);
	state->kept_slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

/* Keys that Milvus makes are always new. */
static void
begin_conflicts(ModifyState *state)
{
	if (batch_has_auto_id(state->table) || state->key_column == 0)
		return;
	if (state->sender->at_commit)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("ON CONFLICT DO NOTHING is not supported on foreign table \"%s\"", state->table->relname),
				 errdetail("It has the option write_mode 'commit': which rows will be there when they are written, nobody knows yet.")));
	table_read_for_update(state->table);
	state->conflicts = conflict_begin(state->table, state->key_column);
}

/* Is a row looked at after it has been written? */
static bool
is_row_seen(ModifyTable *plan, ResultRelInfo *rri, CmdType operation)
{
	if (plan && (plan->returningLists != NIL || plan->withCheckOptionLists != NIL))
		return true;
	return rri->ri_TrigDesc &&
		(operation == CMD_INSERT ? rri->ri_TrigDesc->trig_insert_after_row : rri->ri_TrigDesc->trig_update_after_row);
}

/* Columns whose values are not stored as they are given. */
static List *
find_rounded(const MilvusTable *table)
{
	List	   *rounded = NIL;

	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
	{
		const TableColumn *column = &table->columns[attnum - 1];

		if (column->name && vector_may_round(column->typeid, column->field->data_type))
			rounded = lappend_int(rounded, attnum);
	}
	return rounded;
}

static void
begin_insert(ModifyState *state, ModifyTable *plan, ResultRelInfo *rri)
{
	bool		row_is_seen = is_row_seen(plan, rri, CMD_INSERT);

	state->batch = batch_begin(state->sender, BATCH_INSERT, NULL);
	if (plan && plan->onConflictAction == ONCONFLICT_NOTHING)
		begin_conflicts(state);
	for (AttrNumber attnum = 1; attnum <= state->table->ncolumns && row_is_seen; attnum++)
		if (batch_read_default(state->batch, attnum, NULL))
			state->defaulted = lappend_int(state->defaulted, attnum);
	state->row_by_row = batch_has_auto_id(state->table) && state->key_column > 0 && row_is_seen;
	if (state->row_by_row && state->sender->at_commit)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot return keys made by Milvus before the transaction commits"),
				 errdetail("Foreign table \"%s\" has the option write_mode 'commit'.", state->table->relname)));
}

static void
begin_change(ModifyState *state, ModifyTable *plan, ResultRelInfo *rri, List *fdw_private)
{
	List	   *tlist = outerPlan(plan)->targetlist;

	if (state->key_column == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("foreign table \"%s\" has no column for the primary key \"%s\"",
						state->table->relname, state->table->collection->primary_key->name),
				 errdetail("Rows are updated and deleted by their keys.")));
	state->key_junk = ExecFindJunkAttributeInTlist(tlist, modify_key_name(state->table, state->key_column));
	/* another field was the key when the plan was made */
	if (!AttributeNumberIsValid(state->key_junk))
		table_raise_outdated(state->table);
	state->row_junk = ExecFindJunkAttributeInTlist(tlist, "wholerow");
	key_init_maker(&state->key_maker, state->table, state->key_column);
	if (!is_fed_by_scan(outerPlan(plan)))
		state->seen = keyset_make();
	if (state->operation == CMD_UPDATE)
	{
		key_init_maker(&state->new_key_maker, state->table, state->key_column);
		state->update = update_begin(state->sender, modify_changed_columns(fdw_private));
	}
	else
	{
		state->deletion = deletion_begin(state->sender);
		state->key_slot = MakeSingleTupleTableSlot(make_key_desc(state->table, state->key_column), &TTSOpsVirtual);
	}
}

void
modify_check_updatable(const MilvusTable *table, const char *what)
{
	if (!table->options.updatable)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("foreign table \"%s\" does not allow %s", table->relname, what),
				 errdetail("Its option \"updatable\", or its server's, is false.")));
}

static const char *
operation_name(CmdType operation)
{
	return operation == CMD_INSERT ? "inserts" : operation == CMD_UPDATE ? "updates" : "deletes";
}

/* fdw_private: as made by milvusPlanForeignModify(), NIL for COPY and routed rows */
static void
begin_modify(ModifyTableState *mtstate, ResultRelInfo *rri, CmdType operation, List *fdw_private, bool explain_only)
{
	EState	   *estate = mtstate->ps.state;

	/* COPY has no plan; RETURNING's projection is made only after this */
	ModifyTable *plan = (ModifyTable *) mtstate->ps.plan;
	ModifyState *state = palloc0(sizeof(ModifyState));
	Oid			user = compat_result_check_as_user(estate, rri);

	state->estate = estate;
	state->node_state = mtstate;
	state->operation = operation;
	state->context = estate->es_query_cxt;
	/* a description that is out of date could kill the server */
	state->table = table_open_in_statement(rri->ri_RelationDesc, OidIsValid(user) ? user : GetUserId(),
										   explain_only ? DESCRIPTION_CACHED : DESCRIPTION_FRESH, estate);
	if (operation != CMD_INSERT)
		table_read_for_update(state->table);
	modify_check_updatable(state->table, operation_name(operation));
	if (!explain_only)
		begin_writing(state->table, estate);
	state->sender = sender_begin(state->table);
	state->key_column = table_find_column(state->table, state->table->collection->primary_key);
	if (operation == CMD_INSERT)
		begin_insert(state, plan, rri);
	else
		begin_change(state, plan, rri, fdw_private);
	if (operation != CMD_DELETE && is_row_seen(plan, rri, operation))
		state->rounded = find_rounded(state->table);
	if (!explain_only && must_keep(state, plan, rri))
		begin_keeping(state, rri);
	state->collected.table = state->table;
	state->collected.estate = estate;
	state->collected.send = write_for_others;
	begin_collecting(&state->collected);
	dlist_push_tail(&open_states, &state->node);
	state->forget.func = forget_state;
	state->forget.arg = state;
	MemoryContextRegisterResetCallback(state->context, &state->forget);
	rri->ri_FdwState = state;
}

void
milvusBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rri, List *fdw_private,
						 int subplan_index, int eflags)
{
	begin_modify(mtstate, rri, mtstate->operation, fdw_private, (eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0);
}

void
milvusBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rri)
{
	if (rri->ri_FdwState)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot route rows into foreign table \"%s\", which the same statement updates",
						RelationGetRelationName(rri->ri_RelationDesc))));
	begin_modify(mtstate, rri, CMD_INSERT, NIL, false);
}

static void
raise_failure(const ModifyState *state)
{
	if (state->failure)
		ReThrowError(state->failure);
}

/* A row, or of a DELETE its key, is written. */
static void
apply_row(ModifyState *state, TupleTableSlot *slot)
{
	MemoryContext caller = CurrentMemoryContext;
	RowKey		key;

	raise_failure(state);
	state->collected.has_unsent = true;
	PG_TRY();
	{
		switch (state->operation)
		{
			case CMD_INSERT:
				batch_add(state->batch, slot);
				break;
			case CMD_UPDATE:
				key = key_make_of_slot(&state->new_key_maker, slot, state->key_column);
				update_add(state->update, &key, slot);
				break;
			default:
				key = key_make_of_slot(&state->key_maker, slot, 1);
				deletion_add(state->deletion, &key);
				break;
		}
	}
	PG_CATCH();
	{
		sender_rethrow(state->sender, caller);
	}
	PG_END_TRY();
}

static void
write_row(ModifyState *state, TupleTableSlot *slot)
{
	MemoryContext caller;

	if (state->kept == NULL)
	{
		apply_row(state, slot);
		return;
	}
	caller = MemoryContextSwitchTo(state->context);
	tuplestore_puttupleslot(state->kept, slot);
	MemoryContextSwitchTo(caller);
}

/* Write all that is left, and wait for it. */
static void
finish_writing(ModifyState *state)
{
	MemoryContext caller = CurrentMemoryContext;

	raise_failure(state);
	if (state->kept)
	{
		while (tuplestore_gettupleslot(state->kept, true, false, state->kept_slot))
		{
			CHECK_FOR_INTERRUPTS();
			apply_row(state, state->kept_slot);
		}
		tuplestore_clear(state->kept);
	}
	PG_TRY();
	{
		if (state->batch)
			batch_send(state->batch);
		if (state->update)
			update_finish(state->update);
		if (state->deletion)
			deletion_finish(state->deletion);
		sender_await(state->sender);
	}
	PG_CATCH();
	{
		sender_rethrow(state->sender, caller);
	}
	PG_END_TRY();
	state->collected.has_unsent = false;
}

/* Send what has been collected: somebody else wants to read it, or to write. */
static void
write_for_others(CollectedRows *collected)
{
	ModifyState *state = (ModifyState *) collected;
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		finish_writing(state);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(state->context);
		state->failure = CopyErrorData();
		MemoryContextSwitchTo(caller);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* Is the row stored with other values than it was given? */
static bool
is_stored_otherwise(const ModifyState *state, TupleTableSlot *slot)
{
	ListCell   *lc;

	if (state->rounded != NIL)
		return true;
	foreach(lc, state->defaulted)
	{
		if (slot_attisnull(slot, lfirst_int(lc)))
			return true;
	}
	return state->row_by_row;
}

/* The row as it is now, with the key that the server gave it, and its defaults; vectors rounded. */
static void
show_stored(const ModifyState *state, TupleTableSlot *slot)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;
	ListCell   *lc;
	MemoryContext caller;
	Datum	   *values;
	bool	   *isnull;
	HeapTuple	tuple;

	if (!is_stored_otherwise(state, slot))
		return;
	caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(state->estate));
	values = palloc(sizeof(Datum) * desc->natts);
	isnull = palloc(sizeof(bool) * desc->natts);
	slot_getallattrs(slot);
	memcpy(values, slot->tts_values, sizeof(Datum) * desc->natts);
	memcpy(isnull, slot->tts_isnull, sizeof(bool) * desc->natts);
	if (state->row_by_row)
	{
		values[state->key_column - 1] = batch_read_key(state->batch);
		isnull[state->key_column - 1] = false;
	}
	foreach(lc, state->defaulted)
	{
		int			i = lfirst_int(lc) - 1;

		if (isnull[i])
			isnull[i] = !batch_read_default(state->batch, i + 1, &values[i]);
	}
	foreach(lc, state->rounded)
	{
		int			i = lfirst_int(lc) - 1;
		Codec		codec;

		if (isnull[i])
			continue;
		table_init_codec(state->table, i + 1, &codec);
		values[i] = vector_as_stored(&codec, values[i]);
	}
	tuple = heap_form_tuple(desc, values, isnull);
	tuple->t_tableOid = slot->tts_tableOid;
	ExecForceStoreHeapTuple(tuple, slot, false);
	/* its memory is that of one row */
	ExecMaterializeSlot(slot);
	MemoryContextSwitchTo(caller);
}

/*
 * Another part of the statement may have keys that are not there yet, or no more:
 * what it writes is not looked up.
 */
static void
check_writes_alone(const ModifyState *state)
{
	dlist_iter	iter;

	dlist_foreach(iter, &open_states)
	{
		ModifyState *other = dlist_container(ModifyState, node, iter.cur);

		if (other->estate == state->estate && other->node_state != state->node_state &&
			table_same_collection(other->table, state->table))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("ON CONFLICT DO NOTHING is not supported on foreign table \"%s\"", state->table->relname),
					 errdetail("Another part of the statement writes to the same collection.")));
	}
}

/* The rows of an INSERT ... ON CONFLICT DO NOTHING that are new. */
static int
leave_new(ModifyState *state, TupleTableSlot **slots, int nslots)
{
	int			count;

	check_writes_alone(state);
	count = conflict_leave_new(state->conflicts, slots, nslots);
	/* for EXPLAIN, as ExecInsert() counts them */
	InstrCountTuples2(&state->node_state->ps, nslots - count);
	return count;
}

TupleTableSlot *
milvusExecForeignInsert(EState *estate, ResultRelInfo *rri, TupleTableSlot *slot, TupleTableSlot *planSlot)
{
	ModifyState *state = rri->ri_FdwState;

	if (state->conflicts && leave_new(state, &slot, 1) == 0)
		return NULL;
	write_row(state, slot);
	if (state->row_by_row)
		finish_writing(state);
	show_stored(state, slot);
	return slot;
}

/*
 * Rows come together only where they are looked up together, and nobody wants to
 * see them: we have batches of our own.
 */
int
milvusGetForeignModifyBatchSize(ResultRelInfo *rri)
{
	ModifyState *state = rri->ri_FdwState;

	if (state == NULL || state->conflicts == NULL || rri->ri_projectReturning || rri->ri_WithCheckOptions != NIL ||
		(rri->ri_TrigDesc && (rri->ri_TrigDesc->trig_insert_before_row || rri->ri_TrigDesc->trig_insert_after_row)))
		return 1;
	return CONFLICT_BATCH;
}

TupleTableSlot **
milvusExecForeignBatchInsert(EState *estate, ResultRelInfo *rri, TupleTableSlot **slots, TupleTableSlot **planSlots, int *numSlots)
{
	ModifyState *state = rri->ri_FdwState;

	if (state->conflicts)
		*numSlots = leave_new(state, slots, *numSlots);
	for (int i = 0; i < *numSlots; i++)
		write_row(state, slots[i]);
	return slots;
}

/* The key of the row to change; false when the statement has changed it already. */
static bool
take_old_key(ModifyState *state, TupleTableSlot *planSlot, RowKey *key)
{
	*key = key_make_of_slot(&state->key_maker, planSlot, state->key_junk);
	return state->seen == NULL || keyset_add(state->seen, key, 0);
}

TupleTableSlot *
milvusExecForeignUpdate(EState *estate, ResultRelInfo *rri, TupleTableSlot *slot, TupleTableSlot *planSlot)
{
	ModifyState *state = rri->ri_FdwState;
	RowKey		old_key,
				new_key;

	if (!take_old_key(state, planSlot, &old_key))
		return NULL;
	new_key = key_make_of_slot(&state->new_key_maker, slot, state->key_column);
	if (!key_equal(&old_key, &new_key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot change column \"%s\" of foreign table \"%s\"",
						state->table->columns[state->key_column - 1].name, state->table->relname),
				 errdetail("It is the primary key, by which Milvus knows the row."),
				 errhint("Insert the row with its new key and delete the old one.")));
	/* core moves no row out of a foreign table */
	if (rri->ri_RelationDesc->rd_rel->relispartition)
		ExecPartitionCheck(rri, slot, estate, true);
	write_row(state, slot);
	show_stored(state, slot);
	return slot;
}

/* The old row, for RETURNING. */
static void
store_old_row(const ModifyState *state, TupleTableSlot *slot, TupleTableSlot *planSlot)
{
	bool		isnull;
	Datum		row = ExecGetJunkAttribute(planSlot, state->row_junk, &isnull);
	HeapTupleHeader header;
	HeapTupleData tuple;

	if (isnull)
		return;
	header = DatumGetHeapTupleHeader(row);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = state->table->relid;
	tuple.t_data = header;
	ExecForceStoreHeapTuple(&tuple, slot, false);
	ExecMaterializeSlot(slot);
}

TupleTableSlot *
milvusExecForeignDelete(EState *estate, ResultRelInfo *rri, TupleTableSlot *slot, TupleTableSlot *planSlot)
{
	ModifyState *state = rri->ri_FdwState;
	RowKey		key;
	bool		isnull;

	if (!take_old_key(state, planSlot, &key))
		return NULL;
	ExecClearTuple(state->key_slot);
	state->key_slot->tts_values[0] = slot_getattr(planSlot, state->key_junk, &isnull);
	state->key_slot->tts_isnull[0] = isnull;
	ExecStoreVirtualTuple(state->key_slot);
	write_row(state, state->key_slot);
	if (AttributeNumberIsValid(state->row_junk))
		store_old_row(state, slot, planSlot);
	return slot;
}

/*
 * All tables of a statement.  Rows that its parts delete and insert again (WITH x
 * AS (DELETE ... RETURNING *) INSERT ... SELECT ... FROM x) must not be deleted last.
 */
static void
finish_all(const EState *estate)
{
	static const CmdType order[] = {CMD_DELETE, CMD_UPDATE, CMD_INSERT};

	for (int i = 0; i < lengthof(order); i++)
	{
		dlist_iter	iter;

		dlist_foreach(iter, &open_states)
		{
			ModifyState *state = dlist_container(ModifyState, node, iter.cur);

			if (state->estate == estate && state->operation == order[i] && !state->ended)
				finish_writing(state);
		}
	}
}

static void
end_modify(ResultRelInfo *rri)
{
	ModifyState *state = rri->ri_FdwState;

	if (state == NULL)
		return;
	rri->ri_FdwState = NULL;
	finish_all(state->estate);
	state->ended = true;
	if (state->kept)
		tuplestore_end(state->kept);
}

void
milvusEndForeignModify(EState *estate, ResultRelInfo *rri)
{
	end_modify(rri);
}

void
milvusEndForeignInsert(EState *estate, ResultRelInfo *rri)
{
	end_modify(rri);
}

/*
 * AFTER triggers run at the end of the executor's run, before the nodes are
 * ended: what the statement wrote must be there by then, and counted.  Parts of
 * the statement that have not run to their end yet might still read.
 */
static void
finish_statement(QueryDesc *query)
{
	if (query->estate->es_auxmodifytables == NIL && !dlist_is_empty(&open_states))
	{
		/* what others measure of the statement has the writing, too */
		compat_measure_query(query, true);
		finish_all(query->estate);
		compat_measure_query(query, false);
	}
	if (next_executor_finish)
		next_executor_finish(query);
	else
		standard_ExecutorFinish(query);
}

void
modify_install_hook(void)
{
	next_executor_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = finish_statement;
}

int
milvusIsForeignRelUpdatable(Relation rel)
{
	ForeignTable *foreign = GetForeignTable(RelationGetRelid(rel));
	TableOptions options;

	option_get_table(foreign, GetForeignServer(foreign->serverid), RelationGetRelationName(rel), &options);
	return options.updatable ? (1 << CMD_INSERT) | (1 << CMD_UPDATE) | (1 << CMD_DELETE) : 0;
}

void
milvusExplainForeignModify(ModifyTableState *mtstate, ResultRelInfo *rri, List *fdw_private,
						   int subplan_index, struct ExplainState *es)
{
	ModifyState *state = rri->ri_FdwState;

	if (state == NULL)
		return;
	show_table(state->table, es);
	ExplainPropertyText("Milvus Write",
						psprintf("%s%s", state->update ? update_describe(state->update) :
								 state->deletion ? "delete by keys" :
								 state->table->options.upsert ? "upsert" : "insert",
								 state->conflicts ? " of new keys, after a look for them" :
								 state->sender->at_commit ? ", at commit" : ""), es);
	if (es->analyze)
	{
		ScanCounters counters = {
			.requests = state->sender->requests, .pages = -1, .rows = -1, .bytes = state->sender->bytes, .waited = state->sender->waited
		};

		if (state->conflicts)
			conflict_count(state->conflicts, &counters);
		show_counters(&counters, es);
	}
}
