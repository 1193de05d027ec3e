/*
 * channel.c
 *		One gRPC channel, and one unary call on it.
 *
 * The only file that includes gRPC's headers.  It knows nothing of Milvus:
 * methods are names, messages are bytes.
 *
 * Rules that hold throughout:
 * - gRPC starts in the backend, at first use, never in the postmaster.
 * - All signals are blocked around every grpc_* and gpr_* call, because the
 *   threads made inside inherit the mask.
 * - Nothing that can ereport runs while they are blocked.
 * - What gRPC may still write to is malloc'd.  A call that is given up is
 *   cancelled at once and freed when gRPC has let go of it, at some later poll.
 */
#include "postgres.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h>	/* gRPC 1.6x and later */
#else
#include <grpc/support/log.h>
#define HAVE_GPR_LOG 1
#endif
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <pthread.h>
#include <signal.h>

#include "lib/ilist.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/pmsignal.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "channel.h"
#include "compat.h"

#define POLL_SLICE_MS 10
#define EXIT_DRAIN_MS 2000
#define RECONNECT_BACKOFF_MS 100
#define RECONNECT_BACKOFF_MAX_MS 1000
/* an attempt to connect lasts so much longer than we wait for it */
#define CONNECT_GRACE_MS 1000
#define MAX_CONNECT_MS (24 * 60 * 60 * 1000)
#define MAX_OPS 6

/* an RPC that any server answers, if only that it does not offer it */
#define PROBE_METHOD "/milvus.proto.milvus.MilvusService/GetVersion"

/*
 * calls has all calls that gRPC may still write to (pending), and those that have an
 * owner.  npending counts the former, also those of the channels that this one was made
 * anew from, which end on the same queue.  Given back (closing), it is destroyed when
 * nothing is under way any more.
 */
struct WireChannel
{
	dlist_node	node;			/* in channels */
	grpc_channel *channel;
	grpc_completion_queue *queue;
	/* what channel is made of, and made anew */
	char	   *target;
	grpc_channel_credentials *credentials;
	char	   *ssl_server_name;	/* or NULL */
	int			max_message;
	int			connect_timeout_ms;
	int			keepalive_idle_ms;
	int			keepalive_limit_ms;
	WireCall   *probe;			/* asks for a sign of life for the call that
								 * is waited for, or NULL */
	bool		probe_failed;	/* there was none */
	bool		suspect;		/* an answer did not come in time: the next
								 * call connects anew */
	bool		is_new;			/* channel has not been connected yet: what it
								 * knows of the address is fresh */
	dlist_head	calls;			/* all whose end has not been seen, and all
								 * owned ones */
	int			npending;		/* batches under way */
	bool		watching;		/* a connectivity watch is under way */
	bool		closing;		/* given back by its owner */
	uint64		ncalls;			/* requests sent so far */
};

/*
 * It may be freed when it is not pending.  guard is the tie to its owner's memory
 * context; without one nobody waits for it, and pump() frees it as it ends.
 */
struct WireCall
{
	dlist_node	node;			/* in WireChannel.calls */
	WireChannel *channel;
	MemoryContextCallback *guard;	/* NULL once the owner is gone */
	grpc_call  *call;
	bool		pending;
	int			limit_ms;		/* gRPC ends it, polled or not; 0: never */
	char	   *method;
	grpc_byte_buffer *request;
	grpc_byte_buffer *sending;
	grpc_byte_buffer *response;
	grpc_metadata *headers;
	size_t		nheaders;
	grpc_metadata_array initial_metadata;
	grpc_metadata_array trailing_metadata;
	grpc_status_code status;
	grpc_slice	details;
	char	   *message;
};

/* what a reset memory context needs to know; lives in that context */
typedef struct CallGuard
{
	MemoryContextCallback callback;
	WireCall   *call;
} CallGuard;

static bool grpc_started = false;
static dlist_head channels = DLIST_STATIC_INIT(channels);

static void
block_signals(sigset_t *saved)
{
	sigset_t	all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, saved);
}

static void
restore_signals(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

static gpr_timespec
deadline_after(int ms)
{
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

#ifdef HAVE_GPR_LOG
static void
discard_log(gpr_log_func_args *args)
{
}
#endif

/* Release the results of a call, so that it can run again or be freed.  Signals are blocked. */
static void
clear_results(WireCall *call)
{
	if (call->call)
		grpc_call_unref(call->call);
	call->call = NULL;
	if (call->sending)
		grpc_byte_buffer_destroy(call->sending);
	call->sending = NULL;
	if (call->response)
		grpc_byte_buffer_destroy(call->response);
	call->response = NULL;
	grpc_metadata_array_destroy(&call->initial_metadata);
	grpc_metadata_array_init(&call->initial_metadata);
	grpc_metadata_array_destroy(&call->trailing_metadata);
	grpc_metadata_array_init(&call->trailing_metadata);
	grpc_slice_unref(call->details);
	call->details = grpc_empty_slice();
	free(call->message);
	call->message = NULL;
}

/* Free a call that gRPC has let go of.  Signals are blocked. */
static void
destroy_call(WireCall *call)
{
	clear_results(call);
	if (call->request)
		grpc_byte_buffer_destroy(call->request);
	for (size_t i = 0; i < call->nheaders; i++)
	{
		grpc_slice_unref(call->headers[i].key);
		grpc_slice_unref(call->headers[i].value);
	}
	free(call->headers);
	free(call->method);
	dlist_delete(&call->node);
	free(call);
}

/* Take one event off the queue; false when there was none in time.  Signals are blocked. */
static bool
pump(WireChannel *channel, gpr_timespec deadline)
{
	grpc_event	event = grpc_completion_queue_next(channel->queue, deadline, NULL);

	if (event.type != GRPC_OP_COMPLETE)
		return false;
	if (event.tag == channel)
		channel->watching = false;
	else
	{
		WireCall   *call = event.tag;

		call->pending = false;
		channel->npending--;
		if (call == channel->probe)
		{
			channel->probe = NULL;
			channel->probe_failed = call->status == GRPC_STATUS_DEADLINE_EXCEEDED || call->status == GRPC_STATUS_UNAVAILABLE;
		}
		if (call->guard == NULL)
			destroy_call(call);
	}
	return true;
}

static void
pump_all(WireChannel *channel)
{
	while (pump(channel, gpr_time_0(GPR_CLOCK_MONOTONIC)))
		;
}

/* Destroy a channel nothing is under way on.  Signals are blocked. */
static void
destroy_channel(WireChannel *channel)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &channel->calls)
	{
		WireCall   *call = dlist_container(WireCall, node, iter.cur);

		if (call->guard)
			((CallGuard *) call->guard)->call = NULL;
		destroy_call(call);
	}
	grpc_channel_destroy(channel->channel);
	grpc_channel_credentials_release(channel->credentials);
	grpc_completion_queue_shutdown(channel->queue);
	while (grpc_completion_queue_next(channel->queue, deadline_after(POLL_SLICE_MS), NULL).type != GRPC_QUEUE_SHUTDOWN)
		;
	grpc_completion_queue_destroy(channel->queue);
	dlist_delete(&channel->node);
	free(channel->target);
	free(channel->ssl_server_name);
	free(channel);
}

/* Destroy the channels that were given back and have come to rest.  Signals are blocked. */
static void
reap_channels(void)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &channels)
	{
		WireChannel *channel = dlist_container(WireChannel, node, iter.cur);

		if (!channel->closing)
			continue;
		pump_all(channel);
		if (channel->npending == 0 && !channel->watching)
			destroy_channel(channel);
	}
}

/* End what is under way with that status.  Signals are blocked. */
static void
cancel_calls(WireChannel *channel, grpc_status_code status, const char *reason)
{
	dlist_iter	iter;

	dlist_foreach(iter, &channel->calls)
	{
		WireCall   *call = dlist_container(WireCall, node, iter.cur);

		if (call->pending)
			grpc_call_cancel_with_status(call->call, status, reason, NULL);
	}
}

/* Shut gRPC down in order, unless something under way won't end in time. */
static void
shutdown_grpc(int code, Datum arg)
{
	sigset_t	saved;
	gpr_timespec limit;
	dlist_iter	iter;

	block_signals(&saved);
	limit = deadline_after(EXIT_DRAIN_MS);
	dlist_foreach(iter, &channels)
	{
		WireChannel *channel = dlist_container(WireChannel, node, iter.cur);

		cancel_calls(channel, GRPC_STATUS_CANCELLED, "the connection was closed");
		channel->closing = true;
		while ((channel->npending > 0 || channel->watching) &&
			   gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), limit) < 0)
			pump(channel, deadline_after(POLL_SLICE_MS));
	}
	reap_channels();
	if (dlist_is_empty(&channels))
		grpc_shutdown_blocking();
	restore_signals(&saved);
}

static void
start_grpc(void)
{
	sigset_t	saved;

	if (grpc_started)
		return;
	if (!IsUnderPostmaster && IsPostmasterEnvironment)
		elog(ERROR, "gRPC cannot be started in the postmaster");
	block_signals(&saved);
#ifdef HAVE_GPR_LOG
	gpr_set_log_function(discard_log);
#endif
	grpc_init();
	restore_signals(&saved);
	grpc_started = true;
	on_proc_exit(shutdown_grpc, (Datum) 0);
}

/* Between two slices of waiting. */
static void
check_waiting(void)
{
	/* a loop on gRPC's queue never sees WL_EXIT_ON_PM_DEATH */
	if (IsUnderPostmaster && !PostmasterIsAlive())
		proc_exit(1);
	CHECK_FOR_INTERRUPTS();
}

static grpc_channel_credentials *
make_credentials(const WireChannelOptions *options)
{
	grpc_ssl_pem_key_cert_pair pair = {options->private_key, options->cert_chain};

	if (!options->tls)
		return grpc_insecure_credentials_create();
	return grpc_ssl_credentials_create(options->root_certs,
									   options->cert_chain ? &pair : NULL, NULL, NULL);
}

static void
add_integer(grpc_channel_args *args, const char *key, int value)
{
	grpc_arg   *arg = &args->args[args->num_args++];

	arg->type = GRPC_ARG_INTEGER;
	arg->key = (char *) key;
	arg->value.integer = value;
}

static void
add_string(grpc_channel_args *args, const char *key, const char *value)
{
	grpc_arg   *arg = &args->args[args->num_args++];

	arg->type = GRPC_ARG_STRING;
	arg->key = (char *) key;
	arg->value.string = (char *) value;
}

/* Signals are blocked. */
static grpc_channel *
create_channel(const WireChannel *channel)
{
	grpc_arg	args[12];
	grpc_channel_args channel_args = {0, args};
	int			timeout_ms = channel->connect_timeout_ms;

	add_integer(&channel_args, GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, channel->max_message);
	/* the limit is that of what comes: a compressed answer could be any size */
	add_integer(&channel_args, GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
	add_integer(&channel_args, GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1);
	add_integer(&channel_args, GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, RECONNECT_BACKOFF_MS);
	add_integer(&channel_args, GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, RECONNECT_BACKOFF_MAX_MS);

	/*
	 * to gRPC the least back-off is the most time of an attempt: TCP, TLS and
	 * SETTINGS (subchannel.cc)
	 */
	add_integer(&channel_args, GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
				timeout_ms > 0 && timeout_ms < MAX_CONNECT_MS ? timeout_ms + CONNECT_GRACE_MS : MAX_CONNECT_MS);
	/* a retry is decided by the caller, who knows what is safe */
	add_integer(&channel_args, GRPC_ARG_ENABLE_RETRIES, 0);
	add_integer(&channel_args, GRPC_ARG_ENABLE_HTTP_PROXY, 0);
	add_integer(&channel_args, GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
	add_string(&channel_args, GRPC_ARG_PRIMARY_USER_AGENT_STRING, "milvus_fdw");
	if (channel->ssl_server_name)
		add_string(&channel_args, GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, channel->ssl_server_name);
	return grpc_channel_create(channel->target, channel->credentials, &channel_args);
}

WireChannel *
channel_open(const WireChannelOptions *options)
{
	WireChannel *channel;
	bool		has_memory,
				has_credentials;

	/* an IPv6 address needs brackets */
	const char *target = strchr(options->host, ':') && options->host[0] != '[' ?
		psprintf("[%s]:%d", options->host, options->port) :
		psprintf("%s:%d", options->host, options->port);
	sigset_t	saved;

	start_grpc();
	channel = calloc(1, sizeof(WireChannel));
	if (channel == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	dlist_init(&channel->calls);
	channel->max_message = options->max_message;
	channel->connect_timeout_ms = options->connect_timeout_ms;
	channel->keepalive_idle_ms = options->keepalive_idle_ms;
	channel->keepalive_limit_ms = options->keepalive_limit_ms;
	channel->target = strdup(target);
	if (options->tls && options->ssl_server_name)
		channel->ssl_server_name = strdup(options->ssl_server_name);
	has_memory = channel->target && (channel->ssl_server_name || !options->tls || !options->ssl_server_name);

	block_signals(&saved);
	reap_channels();
	if (has_memory)
		channel->credentials = make_credentials(options);
	has_credentials = channel->credentials != NULL;
	if (has_credentials)
	{
		channel->channel = create_channel(channel);
		channel->is_new = true;
		channel->queue = grpc_completion_queue_create_for_next(NULL);
		dlist_push_tail(&channels, &channel->node);
	}
	restore_signals(&saved);

	if (!has_credentials)
	{
		free(channel->target);
		free(channel->ssl_server_name);
		free(channel);
	}
	if (!has_memory)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (!has_credentials)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
				 errmsg("the TLS certificates or keys could not be used")));
	return channel;
}

/*
 * One that has failed tells nothing but the old failure until its back-off has
 * passed: a new one tries at once.  What is under way on the old one, which may be
 * dead, ends with it.
 */
static void
renew_channel(WireChannel *channel)
{
	sigset_t	saved;

	block_signals(&saved);
	cancel_calls(channel, GRPC_STATUS_UNAVAILABLE, "the connection was given up");
	grpc_channel_destroy(channel->channel);
	channel->channel = create_channel(channel);
	channel->is_new = true;
	channel->suspect = false;
	restore_signals(&saved);
}

void
channel_close(WireChannel *channel)
{
	sigset_t	saved;

	block_signals(&saved);
	cancel_calls(channel, GRPC_STATUS_CANCELLED, "the connection was closed");
	channel->closing = true;
	reap_channels();
	restore_signals(&saved);
}

static grpc_connectivity_state
connectivity(WireChannel *channel, bool connect)
{
	grpc_connectivity_state state;
	sigset_t	saved;

	block_signals(&saved);
	pump_all(channel);
	state = grpc_channel_check_connectivity_state(channel->channel, connect ? 1 : 0);
	restore_signals(&saved);
	return state;
}

uint64
channel_calls(const WireChannel *channel)
{
	return channel->ncalls;
}

const char *
channel_state(WireChannel *channel)
{
	switch (connectivity(channel, false))
	{
		case GRPC_CHANNEL_CONNECTING:
			return "connecting";
		case GRPC_CHANNEL_READY:
			return "ready";
		case GRPC_CHANNEL_TRANSIENT_FAILURE:
		case GRPC_CHANNEL_SHUTDOWN:
			return "failing";
		case GRPC_CHANNEL_IDLE:
			break;
	}
	return "idle";
}

static uint32
connect_wait_event(void)
{
	static uint32 event = 0;

	if (event == 0)
		event = compat_wait_event("MilvusConnect");
	return event;
}

ChannelOutcome
channel_connect(WireChannel *channel, int limit_ms)
{
	/*
	 * an idle channel that nobody polled has not seen yet that its server
	 * went away
	 */
	grpc_connectivity_state state = connectivity(channel, true);
	TimestampTz started = GetCurrentTimestamp();
	sigset_t	saved;

	if (limit_ms == 0 || (channel->connect_timeout_ms > 0 && channel->connect_timeout_ms < limit_ms))
		limit_ms = channel->connect_timeout_ms;
	if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || channel->suspect)
	{
		renew_channel(channel);
		state = connectivity(channel, true);
	}
	while (state != GRPC_CHANNEL_READY)
	{
		if (state == GRPC_CHANNEL_TRANSIENT_FAILURE)
		{
			if (channel->is_new)
				return CHANNEL_FAILED;

			/*
			 * it went to where the server was before: the name may mean
			 * another address now
			 */
			renew_channel(channel);
			state = connectivity(channel, true);
			continue;
		}
		if (limit_ms > 0 && TimestampDifferenceExceeds(started, GetCurrentTimestamp(), limit_ms))
		{
			/* who tries again begins anew */
			renew_channel(channel);
			return CHANNEL_TIMED_OUT;
		}
		check_waiting();
		pgstat_report_wait_start(connect_wait_event());
		block_signals(&saved);
		if (!channel->watching)
		{
			grpc_channel_watch_connectivity_state(channel->channel, state,
												  deadline_after(5 * POLL_SLICE_MS),
												  channel->queue, channel);
			channel->watching = true;
		}
		pump(channel, deadline_after(POLL_SLICE_MS));
		state = grpc_channel_check_connectivity_state(channel->channel, 1);
		restore_signals(&saved);
		pgstat_report_wait_end();
	}
	channel->is_new = false;
	return CHANNEL_CONNECTED;
}

/* The owner's memory context goes away. */
static void
forget_call(void *arg)
{
	CallGuard  *guard = arg;

	if (guard->call)
		call_free(guard->call);
}

/* Start the batch of a call whose request and headers are set.  Signals are blocked. */
static grpc_call_error
send_call(WireCall *call)
{
	grpc_op		ops[MAX_OPS];
	grpc_slice	method = grpc_slice_from_copied_string(call->method);
	grpc_call_error result;

	call->channel->ncalls++;
	call->call = grpc_channel_create_call(call->channel->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
										  call->channel->queue, method, NULL,
										  call->limit_ms > 0 ? deadline_after(call->limit_ms) : gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	grpc_slice_unref(method);
	call->sending = grpc_byte_buffer_copy(call->request);

	memset(ops, 0, sizeof(ops));
	ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[0].data.send_initial_metadata.count = call->nheaders;
	ops[0].data.send_initial_metadata.metadata = call->headers;
	ops[1].op = GRPC_OP_SEND_MESSAGE;
	ops[1].data.send_message.send_message = call->sending;
	ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
	ops[3].data.recv_initial_metadata.recv_initial_metadata = &call->initial_metadata;
	ops[4].op = GRPC_OP_RECV_MESSAGE;
	ops[4].data.recv_message.recv_message = &call->response;
	ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
	ops[5].data.recv_status_on_client.trailing_metadata = &call->trailing_metadata;
	ops[5].data.recv_status_on_client.status = &call->status;
	ops[5].data.recv_status_on_client.status_details = &call->details;
	result = grpc_call_start_batch(call->call, ops, MAX_OPS, call, NULL);
	if (result == GRPC_CALL_OK)
	{
		call->pending = true;
		call->channel->npending++;
	}
	return result;
}

WireCall *
call_start(WireChannel *channel, const char *method, const WirePiece *pieces, int npieces,
		   const WireHeader *headers, int nheaders)
{
	WireCall   *call;
	CallGuard  *guard = palloc(sizeof(CallGuard));
	grpc_slice *slices = palloc(sizeof(grpc_slice) * Max(npieces, 1));
	grpc_call_error result;
	sigset_t	saved;

	call = calloc(1, sizeof(WireCall));
	if (call == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	call->method = strdup(method);
	call->headers = calloc(Max(nheaders, 1), sizeof(grpc_metadata));
	if (call->method == NULL || call->headers == NULL)
	{
		free(call->method);
		free(call->headers);
		free(call);
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	call->channel = channel;
	call->nheaders = nheaders;

	/* the channel has just been polled, by channel_connect() */
	block_signals(&saved);
	grpc_metadata_array_init(&call->initial_metadata);
	grpc_metadata_array_init(&call->trailing_metadata);
	call->details = grpc_empty_slice();
	for (int i = 0; i < nheaders; i++)
	{
		call->headers[i].key = grpc_slice_from_copied_string(headers[i].key);
		call->headers[i].value = grpc_slice_from_copied_string(headers[i].value);
	}
	for (int i = 0; i < npieces; i++)
		slices[i] = grpc_slice_from_copied_buffer(pieces[i].data, pieces[i].len);
	call->request = grpc_raw_byte_buffer_create(slices, npieces);
	for (int i = 0; i < npieces; i++)
		grpc_slice_unref(slices[i]);
	dlist_push_tail(&channel->calls, &call->node);
	call->guard = &guard->callback;
	result = send_call(call);
	if (result != GRPC_CALL_OK)
		destroy_call(call);
	restore_signals(&saved);
	pfree(slices);

	if (result != GRPC_CALL_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not start gRPC call \"%s\": error %d", method, (int) result)));
	guard->call = call;
	guard->callback.func = forget_call;
	guard->callback.arg = guard;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &guard->callback);
	return call;
}

void
call_restart(WireCall *call)
{
	grpc_call_error result;
	sigset_t	saved;

	Assert(!call->pending);
	block_signals(&saved);
	clear_results(call);
	result = send_call(call);
	restore_signals(&saved);
	if (result != GRPC_CALL_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not start gRPC call \"%s\": error %d", call->method, (int) result)));
}

bool
call_poll(WireCall *call)
{
	sigset_t	saved;

	block_signals(&saved);
	pump_all(call->channel);
	restore_signals(&saved);
	return !call->pending;
}

/* Ask for a sign of life on the call's connection.  Signals are blocked. */
static void
start_probe(WireChannel *channel)
{
	WireCall   *probe = calloc(1, sizeof(WireCall));

	if (probe == NULL)
		return;
	probe->channel = channel;
	probe->method = strdup(PROBE_METHOD);
	probe->limit_ms = channel->keepalive_limit_ms;
	grpc_metadata_array_init(&probe->initial_metadata);
	grpc_metadata_array_init(&probe->trailing_metadata);
	probe->details = grpc_empty_slice();
	probe->request = grpc_raw_byte_buffer_create(NULL, 0);
	dlist_push_tail(&channel->calls, &probe->node);
	/* nobody's: it is freed as it ends */
	if (probe->method && send_call(probe) == GRPC_CALL_OK)
		channel->probe = probe;
	else
		destroy_call(probe);
}

/*
 * A peer that is gone without a word (a firewall, a machine that lost its power)
 * never ends a call.  gRPC's own keepalive would end connections that nobody polls,
 * as between two pages of a cursor.  So a sign of life is asked for only while an
 * answer is waited for.  Signals are blocked.
 */
static void
watch_life(WireChannel *channel, TimestampTz last_sign)
{
	if (channel->keepalive_idle_ms <= 0 || channel->probe)
		return;
	if (channel->probe_failed)
	{
		channel->probe_failed = false;
		channel->suspect = true;
		cancel_calls(channel, GRPC_STATUS_UNAVAILABLE, "the connection gave no sign of life");
	}
	else if (TimestampDifferenceExceeds(last_sign, GetCurrentTimestamp(), channel->keepalive_idle_ms))
		start_probe(channel);
}

void
call_wait(WireCall *call, int limit_ms, uint32 wait_event)
{
	TimestampTz started,
				last_sign;
	sigset_t	saved;

	if (!call->pending)
		return;
	started = last_sign = GetCurrentTimestamp();
	/* one of an earlier wait, which nobody polled, tells nothing */
	call->channel->probe = NULL;
	call->channel->probe_failed = false;
	pgstat_report_wait_start(wait_event);
	while (call->pending)
	{
		check_waiting();
		block_signals(&saved);
		if (pump(call->channel, deadline_after(POLL_SLICE_MS)))
			last_sign = GetCurrentTimestamp();
		else if (limit_ms > 0 && TimestampDifferenceExceeds(started, GetCurrentTimestamp(), limit_ms))
		{
			call->channel->suspect = true;
			grpc_call_cancel_with_status(call->call, GRPC_STATUS_DEADLINE_EXCEEDED, "", NULL);
		}
		if (call->pending)
			watch_life(call->channel, last_sign);
		restore_signals(&saved);
	}
	pgstat_report_wait_end();
}

bool
call_settle(WireCall *call, int ms)
{
	gpr_timespec limit;
	sigset_t	saved;

	block_signals(&saved);
	pump_all(call->channel);
	limit = deadline_after(ms);
	while (call->pending && pump(call->channel, limit))
		;
	restore_signals(&saved);
	return !call->pending;
}

int
call_status(WireCall *call, const char **message)
{
	if (call->message == NULL)
	{
		sigset_t	saved;
		char	   *text;

		block_signals(&saved);
		text = grpc_slice_to_c_string(call->details);
		call->message = strdup(text);
		gpr_free(text);
		restore_signals(&saved);
	}
	*message = call->message ? call->message : "";
	return (int) call->status;
}

size_t
call_response_length(WireCall *call)
{
	return call->response ? grpc_byte_buffer_length(call->response) : 0;
}

void
call_copy_response(WireCall *call, void *to)
{
	grpc_byte_buffer_reader reader;
	grpc_slice	slice;
	char	   *p = to;
	sigset_t	saved;

	if (call->response == NULL)
		return;
	block_signals(&saved);
	if (grpc_byte_buffer_reader_init(&reader, call->response))
	{
		while (grpc_byte_buffer_reader_next(&reader, &slice))
		{
			memcpy(p, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
			p += GRPC_SLICE_LENGTH(slice);
			grpc_slice_unref(slice);
		}
		grpc_byte_buffer_reader_destroy(&reader);
	}
	/* it is in the caller's hands now: no need to keep it twice */
	grpc_byte_buffer_destroy(call->response);
	call->response = NULL;
	restore_signals(&saved);
}

void
call_free(WireCall *call)
{
	sigset_t	saved;

	((CallGuard *) call->guard)->call = NULL;
	call->guard = NULL;
	block_signals(&saved);
	if (call->pending)
		grpc_call_cancel(call->call, NULL); /* pump() frees it */
	else
		destroy_call(call);
	restore_signals(&saved);
}
