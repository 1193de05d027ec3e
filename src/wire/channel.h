/*
 * channel.h
 *		One gRPC channel, and one unary call on it.
 *
 * gRPC's threads must never run a PostgreSQL signal handler, and nothing of
 * PostgreSQL may run on them: every gRPC function is called with all signals
 * blocked, and the backend itself polls for completion in short slices with
 * CHECK_FOR_INTERRUPTS() between them.
 */
#ifndef MILVUS_CHANNEL_H
#define MILVUS_CHANNEL_H

#include "postgres.h"

typedef struct WireChannel WireChannel;
typedef struct WireCall WireCall;

/* a part of a request; the parts are sent one behind the other */
typedef struct WirePiece
{
	const void *data;
	size_t		len;
} WirePiece;

/* request metadata: lower-case ASCII key, printable ASCII value */
typedef struct WireHeader
{
	const char *key;
	const char *value;
} WireHeader;

typedef struct WireChannelOptions
{
	const char *host;
	int			port;
	bool		tls;
	/* PEM texts, NULL where unset; cert_chain and private_key go together */
	const char *root_certs;
	const char *cert_chain;
	const char *private_key;
	int			connect_timeout_ms; /* of an attempt to connect; 0: no limit */
	int			keepalive_idle_ms;	/* while an answer is waited for, a
									 * connection silent for so long is
									 * probed; 0: never */
	int			keepalive_limit_ms; /* it is taken for dead when there is no
									 * sign of life in that time */
	int			max_message;	/* bytes of an answer; a larger one ends with
								 * RESOURCE_EXHAUSTED */
	/* name expected in the server's certificate, NULL: host */
	const char *ssl_server_name;
} WireChannelOptions;

/* gRPC status codes that callers tell apart (grpc/status.h) */
#define WIRE_STATUS_OK 0
#define WIRE_STATUS_UNKNOWN 2
#define WIRE_STATUS_DEADLINE_EXCEEDED 4
#define WIRE_STATUS_PERMISSION_DENIED 7
#define WIRE_STATUS_RESOURCE_EXHAUSTED 8
#define WIRE_STATUS_UNIMPLEMENTED 12
#define WIRE_STATUS_INTERNAL 13
#define WIRE_STATUS_UNAVAILABLE 14
#define WIRE_STATUS_UNAUTHENTICATED 16

/*
 * Make a channel; nothing is sent yet.  The channel is malloc'd and belongs
 * to the caller until channel_close().  Errors: 53200, or HV000 when the TLS
 * material is unusable.
 */
extern WireChannel *channel_open(const WireChannelOptions *options);

/*
 * Give the channel back.  Calls still under way are cancelled and the channel
 * is destroyed when the last of them has ended; never blocks, never errors.
 */
extern void channel_close(WireChannel *channel);

/* "idle", "connecting", "ready", "failing" */
extern const char *channel_state(WireChannel *channel);

/* How many requests were sent on it. */
extern uint64 channel_calls(const WireChannel *channel);

typedef enum ChannelOutcome
{
	CHANNEL_CONNECTED,
	CHANNEL_FAILED,				/* a call started now fails at once, with
								 * gRPC's reason */
	CHANNEL_TIMED_OUT
} ChannelOutcome;

/*
 * Wait until the channel is connected, for its connect_timeout_ms, and for limit_ms (0:
 * no other limit), at most.  Each call is one attempt, and ends with it: a server that refuses is told of at once.
 * Interruptible.
 */
extern ChannelOutcome channel_connect(WireChannel *channel, int limit_ms);

/*
 * Start a unary call, after channel_connect(), which has polled the channel:
 * an idle one does not know yet what became of it.  The pieces are copied.  The call is cancelled and
 * freed with CurrentMemoryContext, at the latest.
 */
extern WireCall *call_start(WireChannel *channel, const char *method,
							const WirePiece *pieces, int npieces,
							const WireHeader *headers, int nheaders);

/* Send the same request again, after it has failed. */
extern void call_restart(WireCall *call);

/* Has the call ended?  Polls once, without waiting. */
extern bool call_poll(WireCall *call);

/*
 * Wait for the call's end.  Interruptible.  A connection without a sign of life ends
 * it with UNAVAILABLE, and limit_ms (0: none) with DEADLINE_EXCEEDED; the next call
 * connects anew then.  wait_event: for pg_stat_activity.
 */
extern void call_wait(WireCall *call, int limit_ms, uint32 wait_event);

/*
 * Has the call ended, or does it in so many milliseconds?  For the end of a transaction:
 * not interruptible, never an error.
 */
extern bool call_settle(WireCall *call, int ms);

/* gRPC status of an ended call, and its message (valid until call_free). */
extern int	call_status(WireCall *call, const char **message);

/* Length of the response, and its bytes copied to where the caller says. */
extern size_t call_response_length(WireCall *call);
extern void call_copy_response(WireCall *call, void *to);

/* Give the call back; one still under way is cancelled.  Never blocks. */
extern void call_free(WireCall *call);

#endif							/* MILVUS_CHANNEL_H */
