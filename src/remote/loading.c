/*
 * loading.c
 *		Collections that Milvus is loading: after its restart, or since somebody said so.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "loading.h"
#include "proto/milvus.pb-c.h"
#include "server/setting.h"

#define MIN_PAUSE_MS 100
#define MAX_PAUSE_MS 1000

bool
loading_is_reason(const FlatStatus *status)
{
	switch (status->code)
	{
		case MILVUS_COLLECTION_NOT_LOADED:
		case MILVUS_COLLECTION_NOT_FULLY_LOADED:
		case MILVUS_COLLECTION_ON_RECOVERING:
		case MILVUS_PARTITION_NOT_LOADED:
		case MILVUS_PARTITION_NOT_FULLY_LOADED:
		case MILVUS_CHANNEL_NOT_AVAILABLE:
			return true;
		default:
			return false;
	}
}

/*
 * Is the collection, or the table's partition, being loaded, or loaded?  An old
 * server or a Lite may not say.  Another collection that has the name meanwhile
 * is not waited for.
 */
static bool
is_loading(const MilvusTable *table)
{
	Milvus__Proto__Milvus__GetLoadStateRequest request = MILVUS__PROTO__MILVUS__GET_LOAD_STATE_REQUEST__INIT;
	Milvus__Proto__Milvus__GetLoadStateResponse *response;
	char	   *partition = table->options.partition;
	RpcCall    *call;
	MilvusStatus status;

	request.db_name = table->collection->dbname;
	request.collection_name = table->collection->asked_name;
	request.partition_names = &partition;
	request.n_partition_names = partition ? 1 : 0;
	call = rpc_start_message(&table->connection->rpc, "GetLoadState", true, &request.base);
	if (!rpc_is_offered(call))
		return false;
	response = (Milvus__Proto__Milvus__GetLoadStateResponse *)
		rpc_finish_message(call, &milvus__proto__milvus__get_load_state_response__descriptor);
	return status_of_message(&response->base, &status) && !status_failed(&status) &&
		(response->state == MILVUS__PROTO__COMMON__LOAD_STATE__LoadStateLoading ||
		 response->state == MILVUS__PROTO__COMMON__LOAD_STATE__LoadStateLoaded) &&
		collection_identify(table->connection, table->collection) != COLLECTION_OTHER;
}

/* In percent, as far as the server tells. */
static int
find_progress(const MilvusTable *table)
{
	Milvus__Proto__Milvus__GetLoadingProgressRequest request = MILVUS__PROTO__MILVUS__GET_LOADING_PROGRESS_REQUEST__INIT;
	Milvus__Proto__Milvus__GetLoadingProgressResponse *response;
	char	   *partition = table->options.partition;
	MilvusStatus status;

	request.db_name = table->collection->dbname;
	request.collection_name = table->collection->asked_name;
	request.partition_names = &partition;
	request.n_partition_names = partition ? 1 : 0;
	response = (Milvus__Proto__Milvus__GetLoadingProgressResponse *)
		status_call(&table->connection->rpc, "GetLoadingProgress", true, &request.base,
					&milvus__proto__milvus__get_loading_progress_response__descriptor, &status);
	return status_failed(&status) ? 0 : (int) Max(0, Min(100, response->progress));
}

void
loading_raise(const MilvusTable *table, const FlatStatus *status)
{
	const char *reason = pnstrdup((const char *) status->reason.data, status->reason.len);
	int			progress;

	if (!loading_is_reason(status) || !is_loading(table))
		return;
	progress = find_progress(table);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("collection \"%s\" of Milvus server \"%s\" is being loaded", table->collection->name, table->connection->rpc.name),
			 errdetail("%d %% are loaded. Milvus: %s (code %d)", progress, rpc_readable(reason), status->code),
			 errhint("Try again later, or let statements wait for so many seconds with the setting milvus_fdw.wait_for_load.")));
}

bool
loading_wait(const MilvusTable *table, const FlatStatus *status, TimestampTz *since)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw loading", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	TimestampTz now = GetCurrentTimestamp();
	bool		waits = milvus_wait_for_load > 0;
	long		pause;

	if (*since == 0)
		*since = now;
	else
		waits = !TimestampDifferenceExceeds(*since, now, milvus_wait_for_load * 1000);
	if (!waits)
		loading_raise(table, status);
	else
		waits = is_loading(table);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	if (!waits)
		return false;

	/* a tenth of what it has taken so far */
	pause = TimestampDifferenceMilliseconds(*since, now) / 10;
	pause = Max(MIN_PAUSE_MS, Min(MAX_PAUSE_MS, pause));
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, pause, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return true;
}
