/*
 * status.c
 *		Whether Milvus did what it was asked: the status in its answers, as errors.
 */
#include "postgres.h"

#include "proto/milvus.pb-c.h"
#include "status.h"

bool
status_of_message(const ProtobufCMessage *response, MilvusStatus *status)
{
	const Milvus__Proto__Common__Status *found = NULL;
	bool		has_status = true;

	if (response->descriptor == &milvus__proto__common__status__descriptor)
		found = (const Milvus__Proto__Common__Status *) response;
	else
	{
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field_by_name(response->descriptor, "status");

		if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
			field->label != PROTOBUF_C_LABEL_REPEATED &&
			field->descriptor == &milvus__proto__common__status__descriptor)
			found = *(const Milvus__Proto__Common__Status *const *) ((const char *) response + field->offset);
		else
			has_status = false;
	}
	/* one that was not sent is a success, as an empty one is */
	memset(status, 0, sizeof(*status));
	if (found == NULL)
		return has_status;
	status->code = found->code;
	status->error_code = (int) found->error_code;
	status->reason = found->reason;
	return true;
}

void
status_check(const RpcServer *server, const char *rpc, const MilvusStatus *status)
{
	int			sqlstate = ERRCODE_FDW_ERROR;
	const char *hint = NULL;

	if (!status_failed(status))
		return;
	switch (status->code)
	{
		case MILVUS_COLLECTION_NOT_FOUND:
			sqlstate = ERRCODE_UNDEFINED_TABLE;
			break;
		case MILVUS_COLLECTION_NOT_LOADED:
			sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
			hint = "Load it with milvus.load(); a vector field needs an index first, see milvus.create_index().";
			break;
		case MILVUS_PARTITION_NOT_FOUND:
		case MILVUS_INDEX_NOT_FOUND:
			sqlstate = ERRCODE_UNDEFINED_OBJECT;
			break;
		case MILVUS_DATABASE_NOT_FOUND:
			sqlstate = ERRCODE_UNDEFINED_DATABASE;
			break;
		case MILVUS_INVALID_PARAMETER:
			sqlstate = ERRCODE_INVALID_PARAMETER_VALUE;
			break;
		case MILVUS_WRONG_PASSWORD:
			sqlstate = ERRCODE_INVALID_PASSWORD;
			break;
		case MILVUS_PRIVILEGE_NOT_PERMITTED:
			rpc_raise_not_permitted(server, rpc, status->reason ? status->reason : "request failed");
			break;
		default:
			break;
	}
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("Milvus server \"%s\": %s", server->name,
					status->reason && status->reason[0] ? rpc_readable(status->reason) : "request failed"),
			 errdetail("%s ended with code %d.", rpc,
					   status->code != 0 ? status->code : status->error_code),
			 hint ? errhint("%s", hint) : 0));
}

ProtobufCMessage *
status_call(const RpcServer *server, const char *rpc, bool repeatable,
			const ProtobufCMessage *request, const ProtobufCMessageDescriptor *response_type,
			MilvusStatus *status)
{
	ProtobufCMessage *response =
		rpc_finish_message(rpc_start_message(server, rpc, repeatable, request), response_type);
	MilvusStatus found;

	if (status_of_message(response, &found) && status == NULL)
		status_check(server, rpc, &found);
	if (status)
		*status = found;
	return response;
}
