/*
 * side_grpc.c
 *		The side of a plain client in C: gRPC's C core, protobuf-c, one search
 *		after the other.
 *
 *		side_grpc HOST PORT VECTORS EF
 *
 * Commands: "search key|all FIRST COUNT".  It sends what milvus_fdw sends:
 * measure.py compares the bytes.  "replay METHOD FILE" sends what was recorded of
 * milvus_fdw; its one key is how many bytes came back, which are not decoded.
 */
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include "milvus.pb-c.h"
#include "side.h"

#define SERVICE "/milvus.proto.milvus.MilvusService/"
#define LIMIT 10

static grpc_channel *channel;
static grpc_completion_queue *queue;
static char identifier[32];
static char params[32];

static uint8_t *
flatten(grpc_byte_buffer *buffer, size_t *len)
{
	grpc_byte_buffer_reader reader;
	grpc_slice	slice;
	uint8_t    *bytes,
			   *p;

	*len = grpc_byte_buffer_length(buffer);
	p = bytes = malloc(*len + 1);
	if (!grpc_byte_buffer_reader_init(&reader, buffer))
		fail("an answer cannot be read");
	while (grpc_byte_buffer_reader_next(&reader, &slice))
	{
		memcpy(p, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
		p += GRPC_SLICE_LENGTH(slice);
		grpc_slice_unref(slice);
	}
	grpc_byte_buffer_reader_destroy(&reader);
	return bytes;
}

/* Send a request, which is used up, and wait for the answer. */
static uint8_t *
exchange(const char *method, grpc_slice packed, size_t *len)
{
	grpc_slice	name = grpc_slice_from_static_string(method);
	grpc_slice	details = grpc_empty_slice();
	grpc_metadata header = {.key = grpc_slice_from_static_string("identifier"),
							.value = grpc_slice_from_static_string(identifier)};
	grpc_metadata_array initial,
				trailing;
	grpc_byte_buffer *sent,
			   *received = NULL;
	grpc_status_code status;
	grpc_op		ops[6] = {0};
	grpc_call  *call;
	uint8_t    *bytes;

	sent = grpc_raw_byte_buffer_create(&packed, 1);
	grpc_slice_unref(packed);
	grpc_metadata_array_init(&initial);
	grpc_metadata_array_init(&trailing);
	call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, queue, name, NULL,
									gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[0].data.send_initial_metadata.count = identifier[0] ? 1 : 0;
	ops[0].data.send_initial_metadata.metadata = &header;
	ops[1].op = GRPC_OP_SEND_MESSAGE;
	ops[1].data.send_message.send_message = sent;
	ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
	ops[3].data.recv_initial_metadata.recv_initial_metadata = &initial;
	ops[4].op = GRPC_OP_RECV_MESSAGE;
	ops[4].data.recv_message.recv_message = &received;
	ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
	ops[5].data.recv_status_on_client.trailing_metadata = &trailing;
	ops[5].data.recv_status_on_client.status = &status;
	ops[5].data.recv_status_on_client.status_details = &details;
	if (grpc_call_start_batch(call, ops, 6, &status, NULL) != GRPC_CALL_OK)
		fail("%s: cannot be started", method);
	grpc_completion_queue_pluck(queue, &status, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	if (status != GRPC_STATUS_OK || received == NULL)
		fail("%s: gRPC status %d", method, (int) status);
	bytes = flatten(received, len);
	grpc_byte_buffer_destroy(sent);
	grpc_byte_buffer_destroy(received);
	grpc_metadata_array_destroy(&initial);
	grpc_metadata_array_destroy(&trailing);
	grpc_slice_unref(details);
	grpc_call_unref(call);
	return bytes;
}

static ProtobufCMessage *
call(const char *method, const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type)
{
	size_t		len = protobuf_c_message_get_packed_size(request);
	grpc_slice	packed = grpc_slice_malloc(len);
	ProtobufCMessage *message;
	uint8_t    *bytes;

	protobuf_c_message_pack(request, GRPC_SLICE_START_PTR(packed));
	bytes = exchange(method, packed, &len);
	message = protobuf_c_message_unpack(type, NULL, len, bytes);
	if (message == NULL)
		fail("%s: the answer is malformed", method);
	free(bytes);
	return message;
}

/* Send the requests of a file, each behind its length, one after the other; how many bytes came back. */
static size_t
replay(const char *method, const char *path)
{
	FILE	   *file = fopen(path, "rb");
	char		name[128];
	uint32_t	size;
	size_t		received = 0;

	if (file == NULL)
		fail("%s: cannot be read", path);
	snprintf(name, sizeof(name), SERVICE "%s", method);
	while (fread(&size, sizeof(size), 1, file) == 1)
	{
		grpc_slice	packed = grpc_slice_malloc(size);
		size_t		len;

		if (fread(GRPC_SLICE_START_PTR(packed), 1, size, file) != size)
			fail("%s: cut off", path);
		free(exchange(name, packed, &len));
		received += len;
	}
	fclose(file);
	return received;
}

static void
connect_to(const char *host, const char *port)
{
	Milvus__Proto__Milvus__ConnectRequest request = MILVUS__PROTO__MILVUS__CONNECT_REQUEST__INIT;
	Milvus__Proto__Common__ClientInfo client = MILVUS__PROTO__COMMON__CLIENT_INFO__INIT;
	Milvus__Proto__Milvus__ConnectResponse *response;
	grpc_channel_credentials *credentials;
	grpc_arg	args[] = {
		{.type = GRPC_ARG_INTEGER, .key = GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, .value.integer = -1},
		{.type = GRPC_ARG_INTEGER, .key = GRPC_ARG_ENABLE_RETRIES, .value.integer = 0},
		{.type = GRPC_ARG_INTEGER, .key = GRPC_ARG_ENABLE_HTTP_PROXY, .value.integer = 0},
	};
	grpc_channel_args channel_args = {sizeof(args) / sizeof(args[0]), args};
	char		target[256];

	grpc_init();
	snprintf(target, sizeof(target), "%s:%s", host, port);
	credentials = grpc_insecure_credentials_create();
	channel = grpc_channel_create(target, credentials, &channel_args);
	grpc_channel_credentials_release(credentials);
	queue = grpc_completion_queue_create_for_pluck(NULL);
	client.sdk_type = "side_grpc";
	request.client_info = &client;
	response = (Milvus__Proto__Milvus__ConnectResponse *)
		call(SERVICE "Connect", &request.base, &milvus__proto__milvus__connect_response__descriptor);
	snprintf(identifier, sizeof(identifier), "%lld", (long long) response->identifier);
	protobuf_c_message_free_unpacked(&response->base, NULL);
}

static Milvus__Proto__Milvus__SearchResults *
search(const float *query, char **output, size_t noutput)
{
	static const struct
	{
		char	   *key,
				   *value;
	}			parameters[] = {{"anns_field", "embedding"}, {"topk", "10"}, {"metric_type", "L2"},
	{"params", params}, {"round_decimal", "-1"}};
	enum
	{
		NPARAMETERS = sizeof(parameters) / sizeof(parameters[0])
	};
	Milvus__Proto__Milvus__SearchRequest request = MILVUS__PROTO__MILVUS__SEARCH_REQUEST__INIT;
	Milvus__Proto__Common__PlaceholderValue placeholder = MILVUS__PROTO__COMMON__PLACEHOLDER_VALUE__INIT;
	Milvus__Proto__Common__PlaceholderValue *placeholders = &placeholder;
	Milvus__Proto__Common__PlaceholderGroup group = MILVUS__PROTO__COMMON__PLACEHOLDER_GROUP__INIT;
	Milvus__Proto__Common__KeyValuePair pairs[NPARAMETERS];
	Milvus__Proto__Common__KeyValuePair *pointers[NPARAMETERS];
	ProtobufCBinaryData vector = {DIM * sizeof(float), (uint8_t *) query};
	uint8_t		packed[DIM * sizeof(float) + 64];

	placeholder.tag = "$0";
	placeholder.type = MILVUS__PROTO__COMMON__PLACEHOLDER_TYPE__FloatVector;
	placeholder.values = &vector;
	placeholder.n_values = 1;
	group.placeholders = &placeholders;
	group.n_placeholders = 1;
	for (size_t i = 0; i < NPARAMETERS; i++)
	{
		milvus__proto__common__key_value_pair__init(&pairs[i]);
		pairs[i].key = parameters[i].key;
		pairs[i].value = parameters[i].value;
		pointers[i] = &pairs[i];
	}
	request.db_name = "default";
	request.collection_name = "items";
	request.dsl_type = MILVUS__PROTO__COMMON__DSL_TYPE__BoolExprV1;
	request.search_input_case = MILVUS__PROTO__MILVUS__SEARCH_REQUEST__SEARCH_INPUT_PLACEHOLDER_GROUP;
	request.placeholder_group.len = protobuf_c_message_pack(&group.base, packed);
	request.placeholder_group.data = packed;
	request.output_fields = output;
	request.n_output_fields = noutput;
	request.guarantee_timestamp = 2;	/* bounded */
	request.consistency_level = MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Bounded;
	request.nq = 1;
	request.search_params = pointers;
	request.n_search_params = NPARAMETERS;
	return (Milvus__Proto__Milvus__SearchResults *)
		call(SERVICE "Search", &request.base, &milvus__proto__milvus__search_results__descriptor);
}

int
main(int argc, char **argv)
{
	static char *fields[] = {"id", "name", "price", "embedding"};
	Answer		answer = {0};
	char		line[256];
	float	   *vectors;
	size_t		nvectors;

	if (argc != 5)
		fail("usage: side_grpc HOST PORT VECTORS EF");
	vectors = read_vectors(argv[3], &nvectors);
	snprintf(params, sizeof(params), "{\"ef\": %s}", argv[4]);
	connect_to(argv[1], argv[2]);
	while (fgets(line, sizeof(line), stdin))
	{
		char		output[8];
		size_t		first,
					count;

		char		method[32],
					path[200];

		if (sscanf(line, "replay %31s %199s", method, path) == 2)
		{
			double		start = now();

			add_key(&answer, (int64_t) replay(method, path));
			end_execution(&answer, now() - start);
			print_answer(&answer);
			continue;
		}
		if (sscanf(line, "search %7s %zu %zu", output, &first, &count) != 3 || first + count > nvectors)
			fail("bad command: %s", line);
		for (size_t i = first; i < first + count; i++)
		{
			double		start = now();
			Milvus__Proto__Milvus__SearchResults *found =
				search(vectors + i * DIM, fields, strcmp(output, "all") == 0 ? 4 : 1);

			if (found->status && (found->status->code != 0 || found->status->error_code != 0))
				fail("Search: %s", found->status->reason);
			if (found->results == NULL || found->results->ids == NULL || found->results->ids->int_id == NULL)
				fail("Search: no keys");
			for (size_t k = 0; k < found->results->ids->int_id->n_data; k++)
				add_key(&answer, found->results->ids->int_id->data[k]);
			protobuf_c_message_free_unpacked(&found->base, NULL);
			end_execution(&answer, now() - start);
		}
		print_answer(&answer);
	}
	grpc_completion_queue_shutdown(queue);
	grpc_channel_destroy(channel);
	while (grpc_completion_queue_pluck(queue, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type != GRPC_QUEUE_SHUTDOWN)
		;
	grpc_completion_queue_destroy(queue);
	grpc_shutdown_blocking();
	return 0;
}
